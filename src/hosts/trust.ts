import { createHash } from "node:crypto";
import { appendFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Problem, ProblemError } from "../problems/problem.ts";
import { ShellLost } from "./remote-shell.ts";
import { type ShellProcess, spawnShell } from "./shell-process.ts";
import { type SshClientSettings, sshArguments } from "./ssh-arguments.ts";
import { connectProblem } from "./ssh-problem.ts";
import { jumpHops, type SshTarget, showTarget } from "./ssh-target.ts";

/** A host key, by what people compare. */
export interface HostKey {
  /** "ssh-ed25519". */
  readonly type: string;
  /** "SHA256:..." as ssh-keygen -l prints it. */
  readonly fingerprint: string;
}

/** A host key as it was offered, not yet believed. */
export interface ScannedHostKey extends HostKey {
  /** The line for a known_hosts file, without its line feed. */
  readonly line: string;
}

/** What is known of the keys on the way to a host. */
export type HostKeyState =
  /** The keys that were offered and are known: one per machine, jump hosts first. */
  | { readonly state: "trusted"; readonly keys: readonly HostKey[] }
  /** `at` names the machine, which may be a jump host; those after it cannot be asked before it is trusted. */
  | {
      readonly state: "unknown";
      readonly at: string;
      readonly isJump: boolean;
      readonly keys: readonly ScannedHostKey[];
    }
  /** Never to be trusted by a command. */
  | { readonly state: "changed"; readonly at: string; readonly problem: Problem };

/** A log-in that cannot succeed: only the key exchange is wanted. */
const withoutLogin = ["PreferredAuthentications=none", "ControlMaster=no", "ControlPath=none"];

/**
 * Looks at the host keys from the first jump host to the target, up to the first that is not trusted. Asks ssh itself,
 * so aliases, HostKeyAlias and every known_hosts file of the user's count. Throws `ssh/...` when it cannot be reached.
 */
export async function checkHostKey(
  name: string,
  target: SshTarget,
  settings: Omit<SshClientSettings, "controlDirectory">,
): Promise<HostKeyState> {
  const hops = jumpHops(name, target);
  const known: HostKey[] = [];
  for (const [index, hop] of [...hops, target].entries()) {
    const isJump = index < hops.length;
    const before = hops.slice(0, index).map(hopText).join(",");
    const { identityFile, ...way } = { ...target, ...hop };
    const { proxyJump: _, ...direct } = way;
    const step: SshTarget = {
      ...direct,
      ...(isJump || identityFile === undefined ? {} : { identityFile }),
      ...(before === "" ? (target.proxyJump === "none" ? { proxyJump: "none" } : {}) : { proxyJump: before }),
    };
    const { problem, offered } = await probe(name, step, settings);
    if (problem === undefined) {
      known.push(...offered);
      continue;
    }
    if (problem.code === "ssh/host-key-changed") return { state: "changed", at: showTarget(hop), problem };
    if (problem.code !== "ssh/host-key-unknown") throw new ProblemError(problem);
    return { state: "unknown", at: showTarget(hop), isJump, keys: await scanHostKeys(name, step, settings) };
  }
  return { state: "trusted", keys: known };
}

/**
 * The key a host offers, without judging it. The jump hosts on the way must be trusted already. Throws `ssh/...` when
 * it cannot be reached.
 */
async function scanHostKeys(
  name: string,
  target: SshTarget,
  settings: Omit<SshClientSettings, "controlDirectory">,
): Promise<readonly ScannedHostKey[]> {
  const directory = await mkdtemp(join(tmpdir(), "slipway-scan-"));
  const file = join(directory, "known_hosts");
  try {
    const { lost } = await runSsh(name, target, settings, [
      ...withoutLogin,
      "StrictHostKeyChecking=accept-new",
      `UserKnownHostsFile="${file}"`,
      "GlobalKnownHostsFile=/dev/null",
      "HashKnownHosts=no",
      "UpdateHostKeys=no",
    ]);
    const text = await readFile(file, "utf8").catch(() => "");
    const keys = text.split("\n").flatMap((line) => parseKnownHostsLine(line) ?? []);
    if (keys.length === 0) throw new ProblemError(connectProblem(name, target, lost));
    return keys;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Records keys in a known_hosts file (0600; made when it is not there) with one write, so that two of them at the same
 * time mix no lines. Only call it with the keys of an `unknown` state that a person agreed to.
 */
export async function trustHostKey(knownHostsFile: string, keys: readonly ScannedHostKey[]): Promise<void> {
  await mkdir(dirname(knownHostsFile), { recursive: true, mode: 0o700 });
  const before = await readFile(knownHostsFile, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const known = new Set(before.split("\n"));
  const lines = keys.map((key) => key.line).filter((line) => !known.has(line));
  if (lines.length === 0) return;
  const gap = before === "" || before.endsWith("\n") ? "" : "\n";
  await appendFile(knownHostsFile, `${gap}${lines.join("\n")}\n`, { mode: 0o600 });
}

/** A line of a known_hosts file that has names, a type and a key. */
export function parseKnownHostsLine(line: string): ScannedHostKey | undefined {
  const [names, type, key] = line.trim().split(/\s+/);
  if (names === undefined || type === undefined || key === undefined || /^[#@]/.test(names)) return undefined;
  const digest = createHash("sha256").update(Buffer.from(key, "base64")).digest("base64").replace(/=+$/, "");
  return { type, fingerprint: `SHA256:${digest}`, line: line.trim() };
}

/** Without a problem the key is trusted; `offered` is that key, if ssh got as far. */
async function probe(
  name: string,
  target: SshTarget,
  settings: Omit<SshClientSettings, "controlDirectory">,
): Promise<{ readonly problem?: Problem; readonly offered: readonly HostKey[] }> {
  const { lost, offered } = await runSsh(name, target, settings, withoutLogin);
  if (lost.end?.exitCode === 0) return { offered };
  const problem = connectProblem(name, target, lost);
  const jumps = jumpHops(name, target).length > 0;
  // Refused for want of a key to log in with: so its host key was accepted. A jump host says the same of itself, and
  // then the connection behind it ends too.
  const jumpRefused = jumps && /kex_exchange_identification|UNKNOWN port/.test(lost.stderr);
  return problem.code === "ssh/authentication-failed" && !jumpRefused ? { offered } : { problem, offered };
}

async function runSsh(
  name: string,
  target: SshTarget,
  settings: Omit<SshClientSettings, "controlDirectory">,
  options: readonly string[],
): Promise<{ readonly lost: ShellLost; readonly offered: readonly HostKey[] }> {
  // Only at this level does ssh name a key that it knows; what it says else there is not what went wrong.
  const talkative = [...options, "LogLevel=DEBUG1"];
  const process: ShellProcess = spawnShell("ssh", sshArguments(settings, name, target, "true", talkative));
  process.stdin.end();
  process.stdout.resume();
  let stderr = "";
  process.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-65_536);
  });
  const timer = setTimeout(() => process.kill(), (settings.connectSeconds + 10) * 1000);
  const end = await process.ended;
  clearTimeout(timer);
  const how = end.signal === "SIGKILL" ? "no-answer" : "ended";
  const lines = stderr.split("\n");
  const told = lines.filter((line) => !line.startsWith("debug1: ")).join("\n");
  return {
    lost: new ShellLost(how, { end, stderr: told, stdout: "", command: undefined, answered: 0 }),
    offered: lines.flatMap((line) => {
      const [, type, fingerprint] = /^debug1: Server host key: (\S+) (SHA256:\S+)/.exec(line) ?? [];
      return type === undefined || fingerprint === undefined ? [] : [{ type, fingerprint }];
    }),
  };
}

function hopText(hop: { readonly host: string; readonly port?: number; readonly user?: string }): string {
  const host = hop.host.includes(":") ? `[${hop.host}]` : hop.host;
  return `${hop.user === undefined ? "" : `${hop.user}@`}${host}${hop.port === undefined ? "" : `:${hop.port}`}`;
}
