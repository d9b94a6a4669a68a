import { createHash } from "node:crypto";
import { posix } from "node:path";
import { quoteAll } from "./quote.ts";
import { jumpHops, type SshHop, type SshTarget, whyNotUsable } from "./ssh-target.ts";

/** What all connections of a run share. */
export interface SshClientSettings {
  /** Slipway's own known_hosts file, read in addition to the user's. */
  readonly knownHostsFile: string;
  /** Instead of ~/.ssh/config. */
  readonly configFile?: string;
  /** Folder of the control sockets; absent: every connection is its own. */
  readonly controlDirectory?: string;
  /** How long a connection stays after its last use. */
  readonly keepAliveSeconds: number;
  /** Limit for reaching the host, in seconds. */
  readonly connectSeconds: number;
}

/** Seconds between two signs of life, and how many may be missed: a dead peer is noticed after about 20 s. */
const aliveEverySeconds = 5;
const aliveMissed = 3;

/** The control socket of a target: short, because a socket's path may have 104 bytes at most (macOS; 108 on Linux). */
export function controlPath(settings: SshClientSettings, name: string, target: SshTarget): string | undefined {
  return socketPath(settings, [...jumpHops(name, target), target], target.identityFile);
}

/** The control sockets of all targets and of the jump hosts on the way to them. */
export function controlPathsOf(
  settings: SshClientSettings,
  targets: ReadonlyMap<string, SshTarget>,
): readonly string[] {
  const sockets = new Set<string | undefined>();
  for (const [name, target] of targets) {
    // A target that cannot be used was never connected to.
    if (whyNotUsable(target) !== undefined) continue;
    const hops = jumpHops(name, target);
    for (const index of hops.keys()) sockets.add(socketPath(settings, hops.slice(0, index + 1)));
    sockets.add(controlPath(settings, name, target));
  }
  return [...sockets].filter((socket) => socket !== undefined);
}

function socketPath(settings: SshClientSettings, way: readonly SshHop[], identity?: string): string | undefined {
  if (settings.controlDirectory === undefined) return undefined;
  const { configFile, knownHostsFile } = settings;
  // An open connection passes over the check of the host's key, so only those who trust the same keys may share it.
  const parts = [
    configFile ?? "",
    knownHostsFile,
    identity ?? "",
    ...way.map(({ host, port, user }) => [host, port, user]),
  ];
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  return posix.join(settings.controlDirectory, digest.slice(0, 20));
}

/** Arguments for ssh that run `command` on the target, with `extra` options that win over ours. */
export function sshArguments(
  settings: SshClientSettings,
  name: string,
  target: SshTarget,
  command: string,
  extra: readonly string[] = [],
): readonly string[] {
  const hops = jumpHops(name, target);
  const jump = proxyCommand(settings, hops);
  return [
    ...extra.flatMap((option) => ["-o", option]),
    ...options(settings, controlPath(settings, name, target)),
    // None of these belongs to a connection that runs commands, whatever the user's configuration has for the host.
    ...["-T", "-x", "-a", "-o", "ClearAllForwardings=yes", "-o", "PermitLocalCommand=no", "-o", "RemoteCommand=none"],
    ...(jump === undefined ? [] : ["-o", `ProxyCommand=${jump}`]),
    ...(target.proxyJump === "none" ? ["-o", "ProxyJump=none"] : []),
    ...(target.identityFile === undefined ? [] : ["-i", target.identityFile]),
    ...where(target),
    "--",
    target.host,
    command,
  ];
}

/**
 * What `ssh -J` does, except that the jump's host key is checked as strictly as the target's and against the same
 * files, and that all hosts behind one jump share one connection to it.
 */
function proxyCommand(settings: SshClientSettings, hops: readonly SshHop[]): string | undefined {
  const last = hops.at(-1);
  if (last === undefined) return undefined;
  const before = proxyCommand(settings, hops.slice(0, -1));
  const words = [
    "ssh",
    ...options(settings, socketPath(settings, hops)),
    ...(before === undefined ? [] : ["-o", `ProxyCommand=${before}`]),
    ...where(last),
  ];
  // A percent sign starts a token of ssh's; the only ones meant are the destination's.
  return `${quoteAll(words).replaceAll("%", "%%")} -W '[%h]:%p' -- ${quoteAll([last.host]).replaceAll("%", "%%")}`;
}

function options(settings: SshClientSettings, socket: string | undefined): readonly string[] {
  return [
    ...(settings.configFile === undefined ? [] : ["-F", settings.configFile]),
    ...[
      "BatchMode=yes",
      "StrictHostKeyChecking=yes",
      // Ours goes where the system's file is named, so that the user's own setting of UserKnownHostsFile stays.
      `GlobalKnownHostsFile=/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2 ${configWord(settings.knownHostsFile)}`,
      `ConnectTimeout=${settings.connectSeconds}`,
      `ServerAliveInterval=${aliveEverySeconds}`,
      `ServerAliveCountMax=${aliveMissed}`,
      "LogLevel=INFO",
      ...(socket === undefined
        ? ["ControlMaster=no", "ControlPath=none"]
        : ["ControlMaster=auto", `ControlPath=${configWord(socket)}`, `ControlPersist=${settings.keepAliveSeconds}`]),
    ].flatMap((option) => ["-o", option]),
  ];
}

function where(hop: SshHop): readonly string[] {
  return [
    ...(hop.user === undefined ? [] : ["-l", hop.user]),
    ...(hop.port === undefined ? [] : ["-p", String(hop.port)]),
  ];
}

/** One word of ssh's configuration language: quoted, and without tokens. */
function configWord(path: string): string {
  return `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%")}"`;
}
