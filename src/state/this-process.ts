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
 * process namespace, and its pid is free or belongs to a process that started at another time. Where /proc hides the
 * processes of others (hidepid), an absent one is gone only when it cannot be signalled either.
 */
export function isGone(owner: LockOwner): boolean {
  return isGoneBy(owner, startTicks);
}

/** `isGone`, by what `ticksOf` sees of a process in /proc. */
export function isGoneBy(owner: LockOwner, ticksOf: (pid: number) => string | undefined): boolean {
  const here = thisProcess();
  if (owner.bootId === "" || owner.startTicks === "" || owner.pidNamespace === "") return false;
  if (owner.bootId !== here.bootId || owner.pidNamespace !== here.pidNamespace) return false;
  const ticks = ticksOf(owner.pid);
  return ticks === undefined ? isFree(owner.pid) : ticks !== owner.startTicks;
}

/** EPERM says that there is a process, of somebody else. kill(2) */
function isFree(pid: number): boolean {
  // 0 and less name groups of processes.
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EPERM") return false;
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return true;
    throw error;
  }
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
    // ESRCH: the process ended while its file was read. EPERM, EACCES: hidepid=1 does not let us.
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (isMissing(error) || code === "ESRCH" || code === "EPERM" || code === "EACCES") return undefined;
    throw error;
  }
}
