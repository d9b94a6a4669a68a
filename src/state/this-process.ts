import { readFileSync, readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import type { LockOwner } from "../engine/lock-record.ts";
import { isMissing } from "./write-problem.ts";

/** This process, as it signs locks and journals. Where there is no /proc, what is unknown is empty. */
export function thisProcess(): LockOwner {
  return {
    name: `${userName()}@${hostname()}`,
    pid: process.pid,
    bootId: read("/proc/sys/kernel/random/boot_id")?.trim() ?? "",
    pidNamespace: pidNamespace(),
    startTicks: startTicks(process.pid) ?? "",
  };
}

/**
 * True only when it is certain that the process no longer runs: it ran on this computer since its last start, in this
 * process namespace, and its pid is free or belongs to a process that started at another time.
 */
export function isGone(owner: LockOwner): boolean {
  const here = thisProcess();
  if (owner.bootId === "" || owner.startTicks === "" || owner.pidNamespace === "") return false;
  if (owner.bootId !== here.bootId || owner.pidNamespace !== here.pidNamespace) return false;
  return startTicks(owner.pid) !== owner.startTicks;
}

/** Field 22 of /proc/pid/stat; the second field is in brackets and may hold spaces and brackets. proc_pid_stat(5) */
function startTicks(pid: number): string | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    // A uid without an entry in the user database, as in some containers.
    if (error instanceof Error && "syscall" in error) return `uid-${process.getuid?.() ?? "unknown"}`;
    throw error;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // ESRCH: the process ended while its file was read.
    if (isMissing(error) || (error instanceof Error && "code" in error && error.code === "ESRCH")) return undefined;
    throw error;
  }
}
