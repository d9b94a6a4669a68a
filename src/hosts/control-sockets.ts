import { lstatSync, mkdirSync } from "node:fs";
import { posix } from "node:path";
import { ProblemError } from "../problems/problem.ts";
import { quote } from "./quote.ts";
import { spawnShell } from "./shell-process.ts";

/** Longest folder that leaves room for a socket's name and the suffix ssh adds while it makes one, in 104 bytes. */
const longestDirectory = 60;

/**
 * A private folder for control sockets: $XDG_RUNTIME_DIR/slipway, ~/.slipway/ctl or /tmp/slipway-UID, the first that is
 * given and short enough. Made when it is not there; throws `ssh/control-directory-unsafe` when somebody else could
 * put sockets into it.
 */
export function prepareControlDirectory(env: Readonly<Record<string, string | undefined>>, given?: string): string {
  const uid = process.getuid?.() ?? 0;
  const candidates = [
    ...(env.XDG_RUNTIME_DIR ? [posix.join(env.XDG_RUNTIME_DIR, "slipway")] : []),
    ...(env.HOME ? [posix.join(env.HOME, ".slipway", "ctl")] : []),
  ];
  const path =
    given ??
    candidates.find((one) => one.startsWith("/") && Buffer.byteLength(one) <= longestDirectory && makeable(one)) ??
    `/tmp/slipway-${uid}`;
  if (!makeable(path)) unsafe(path, "it cannot be made");
  const stat = lstatSync(path);
  const mode = stat.mode & 0o777;
  if (!stat.isDirectory()) unsafe(path, "it is not a folder");
  if (stat.uid !== uid) unsafe(path, `it belongs to user ${stat.uid}; this is user ${uid}`);
  if ((mode & 0o077) !== 0) unsafe(path, `its mode is ${mode.toString(8).padStart(4, "0")}; wanted 0700`);
  if (Buffer.byteLength(path) > longestDirectory) unsafe(path, `its path has more than ${longestDirectory} bytes`);
  return path;
}

/** A folder that cannot be made here (no such home, read-only) is passed over for the next candidate. */
function makeable(path: string): boolean {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EEXIST";
  }
}

function unsafe(path: string, because: string): never {
  throw new ProblemError({
    code: "ssh/control-directory-unsafe",
    severity: "error",
    message: `connections cannot be kept open in ${path}`,
    because,
    hint: { text: "make it a folder of your own that nobody else can write to", command: `chmod 0700 ${quote(path)}` },
  });
}

/** Tells a control master to go ("exit": its sessions end too) or to take no more sessions ("stop"). */
export async function tellMaster(socket: string, what: "exit" | "stop"): Promise<void> {
  const args = ["-F", "none", "-O", what, "-o", `ControlPath=${socket.replaceAll("%", "%%")}`, "--", "unused"];
  const child = spawnShell("ssh", args);
  child.stdin.end();
  child.stdout.resume();
  child.stderr.resume();
  // A master that is gone already is what was wanted; one that hangs is left to its own deadline.
  const timer = setTimeout(() => child.kill(), 2000);
  await child.ended;
  clearTimeout(timer);
}
