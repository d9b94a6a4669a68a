import { existsSync } from "node:fs";
import { type Problem, ProblemError } from "../problems/problem.ts";
import { ConnectionPool } from "./connection-pool.ts";
import { prepareControlDirectory, tellMaster } from "./control-sockets.ts";
import { HandshakeLimit } from "./handshake-limit.ts";
import type { HostName, HostSession, Hosts } from "./port.ts";
import type { Secret } from "./secret.ts";
import { spawnShell } from "./shell-process.ts";
import { controlPath, controlPathsOf, type SshClientSettings } from "./ssh-arguments.ts";
import { type OpenShell, SshDialer } from "./ssh-dialer.ts";
import { type ObservedCommand, SshSession, type Usage } from "./ssh-session.ts";
import { type SshTarget, whyNotUsable } from "./ssh-target.ts";
import { checkHostKey, type HostKeyState } from "./trust.ts";

/** How to reach the hosts of a cluster. */
export interface OpenSshOptions {
  readonly targets: ReadonlyMap<HostName, SshTarget>;
  /** Slipway's own known_hosts file, read in addition to the user's; `slipway hosts trust` writes it. */
  readonly knownHostsFile: string;
  /** Open connections at the same time; default 64. */
  readonly maxConnections?: number;
  /** How long connections outlive the run, in seconds; default 60; 0 ends them with it. */
  readonly keepAliveSeconds?: number;
  /** Folder of the control sockets; default: see `prepareControlDirectory`. */
  readonly controlDirectory?: string;
  /** Instead of ~/.ssh/config. */
  readonly configFile?: string;
  /** The sudo password of the user on that host. Asked once per run for each user name, and kept in memory only. */
  readonly askPassword?: (host: HostName) => Promise<Secret>;
  /** What else is known of why a host cannot be reached; default: nothing. Called for each such problem. */
  readonly explain?: (host: HostName, problem: Problem) => Promise<Problem>;
  /** Told of every command right before it is sent, with secrets masked. */
  readonly onCommand?: (command: ObservedCommand) => void;
  /** Limit for a connection, from nothing to the first answer; default 30 s. */
  readonly connectWithinMs?: number;
  /** Limit for the answer to a read without a limit of its own; default 30 s. */
  readonly answerWithinMs?: number;
  /** Default true: a shell that is not root's is refused. */
  readonly requireRoot?: boolean;
  /** For tests: what to start instead of ssh. */
  readonly openShell?: OpenShell;
  /** For the default control directory; default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Hosts over the system's OpenSSH client. */
export interface SshHosts extends Hosts {
  /**
   * Starts connecting to hosts that are about to be asked, so that it goes on beside what comes before the question.
   * No more of them than there may be connections. Sends nothing; what goes wrong shows when the host is asked.
   */
  hurry(hosts: readonly HostName[]): void;
  /** Connections and round trips of one host. */
  usageOf(host: HostName): Readonly<Usage>;
  /** Ends the connections that were left open for the next command. */
  closeMasters(): Promise<void>;
}

/**
 * Connects to hosts with the system's `ssh`, so that ~/.ssh/config, agents and hardware keys work as usual. Nothing is
 * opened before it is used. Throws `ssh/control-directory-unsafe` when connections cannot be kept safely.
 */
export function openSshHosts(options: OpenSshOptions): SshHosts {
  const keepAliveSeconds = options.keepAliveSeconds ?? 60;
  const connectWithinMs = options.connectWithinMs ?? 30_000;
  const settings: SshClientSettings = {
    knownHostsFile: options.knownHostsFile,
    keepAliveSeconds,
    connectSeconds: Math.max(1, Math.ceil(connectWithinMs / 2000)),
    ...(options.configFile === undefined ? {} : { configFile: options.configFile }),
    ...(keepAliveSeconds > 0 && options.openShell === undefined
      ? { controlDirectory: prepareControlDirectory(options.env ?? process.env, options.controlDirectory) }
      : {}),
  };
  const targetOf = (host: HostName): SshTarget => {
    const target = options.targets.get(host);
    if (target === undefined) throw new Error(`no ssh target for host ${host}`);
    return target;
  };
  const tell = async (host: HostName, what: "exit" | "stop"): Promise<void> => {
    const socket = controlPath(settings, host, targetOf(host));
    if (socket !== undefined) await tellMaster(socket, what);
  };
  const maxConnections = options.maxConnections ?? 64;
  const pool = new ConnectionPool(maxConnections);
  const dialer = new SshDialer({
    settings,
    openShell: options.openShell ?? ((args) => spawnShell("ssh", args)),
    handshakes: new HandshakeLimit(),
    connectWithinMs,
    requireRoot: options.requireRoot ?? true,
    password: rememberPasswords(options, targetOf),
    explain: async (host, target, problem) => {
      const explained = await explain(host, target, problem, settings);
      return (await options.explain?.(host, explained)) ?? explained;
    },
  });
  const sessions = new Map<HostName, SshSession>();

  return {
    session(host): HostSession {
      const known = sessions.get(host);
      if (known !== undefined) return known;
      const session = new SshSession(host, targetOf(host), {
        dialer,
        pool,
        answerWithinMs: options.answerWithinMs ?? 30_000,
        onCommand: options.onCommand,
        abandon: (name) => tell(name, "stop"),
        release: (name) => tell(name, "stop"),
      });
      sessions.set(host, session);
      return session;
    },
    hurry(names) {
      for (const host of names.slice(0, maxConnections)) {
        const target = targetOf(host);
        // What is wrong with the target is for the session to say.
        if (whyNotUsable(target) === undefined) dialer.hurry(host, target);
      }
    },
    usage() {
      let [connections, roundTrips] = [0, 0];
      for (const { usage } of sessions.values()) {
        connections += usage.connections;
        roundTrips += usage.roundTrips;
      }
      return { connections, roundTrips };
    },
    usageOf: (host) => ({ ...(sessions.get(host)?.usage ?? { connections: 0, roundTrips: 0 }) }),
    async close() {
      dialer.close();
      await Promise.all([...sessions.values()].map((session) => session.close()));
    },
    async closeMasters() {
      const open = controlPathsOf(settings, options.targets).filter((socket) => existsSync(socket));
      await Promise.all(open.map((socket) => tellMaster(socket, "exit")));
    },
  };
}

/** One question per user name, however many hosts wait for the answer. */
function rememberPasswords(options: OpenSshOptions, targetOf: (host: HostName) => SshTarget) {
  const asked = new Map<string, Promise<Secret>>();
  return (host: HostName): Promise<Secret> => {
    const user = targetOf(host).user ?? "";
    const known = asked.get(user);
    if (known !== undefined) return known;
    const password = options.askPassword?.(host) ?? Promise.reject(noPassword(host));
    asked.set(user, password);
    return password;
  };
}

function noPassword(host: HostName): ProblemError {
  return new ProblemError({
    code: "ssh/sudo-password-needed",
    severity: "error",
    message: `${host}: sudo asks for a password`,
    because: "there is nobody to ask for it: this is not a terminal",
    hint: { text: 'run on a terminal, or give the user a NOPASSWD rule and set "sudo: passwordless"' },
    where: { host },
  });
}

async function explain(
  host: HostName,
  target: SshTarget,
  problem: Problem,
  settings: SshClientSettings,
): Promise<Problem> {
  const behindJump = problem.code === "ssh/refused-by-host" && target.proxyJump !== undefined;
  if (problem.code !== "ssh/host-key-unknown" && !behindJump) return problem;
  try {
    // On connections of its own: through a kept one the jump host's words would be lost again.
    const { controlDirectory: _, ...own } = settings;
    const state = await checkHostKey(host, target, own);
    if (state.state === "changed") return state.problem;
    return state.state === "unknown" ? unknownKey(host, state, settings.knownHostsFile) : problem;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
}

function unknownKey(
  host: HostName,
  state: Extract<HostKeyState, { state: "unknown" }>,
  knownHostsFile: string,
): Problem {
  const offered = state.keys.map((key) => `${key.type} ${key.fingerprint}`).join(", ");
  return {
    code: "ssh/host-key-unknown",
    severity: "error",
    message: `${host}: the host key${state.isJump ? " of its jump host" : ""} is not known`,
    because: `${state.at} offers ${offered}; it is recorded neither in ${knownHostsFile} nor in your own known_hosts`,
    hint: {
      text: "compare the fingerprint with the host's own, then record it",
      command: `slipway hosts trust ${host}`,
    },
    where: { host },
  };
}
