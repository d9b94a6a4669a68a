import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { type Problem, ProblemError } from "../problems/problem.ts";
import { tellMaster } from "./control-sockets.ts";
import type { HandshakeLimit } from "./handshake-limit.ts";
import { missingIdentity } from "./identity-file.ts";
import type { HostName } from "./port.ts";
import { RemoteShell, ShellLost } from "./remote-shell.ts";
import type { Secret } from "./secret.ts";
import type { ShellProcess } from "./shell-process.ts";
import { prologue, type ShellCommand, type ShellOutput } from "./shell-script.ts";
import { controlPath, type SshClientSettings, sshArguments } from "./ssh-arguments.ts";
import { connectProblem } from "./ssh-problem.ts";
import type { SshTarget } from "./ssh-target.ts";
import { type Login, loginCommand, passSudo, WrongPassword } from "./sudo.ts";

/** Starts ssh (or, in a test, a local shell) with these arguments; the last one is the command for the login shell. */
export type OpenShell = (args: readonly string[]) => ShellProcess;

/** What the dialer needs besides the target. */
export interface DialerOptions {
  readonly settings: SshClientSettings;
  readonly openShell: OpenShell;
  readonly handshakes: HandshakeLimit;
  /** Limit for everything from the start of ssh to the first answer of the shell. */
  readonly connectWithinMs: number;
  /** False: a shell that is not root's is good enough. */
  readonly requireRoot: boolean;
  password(host: HostName): Promise<Secret>;
  /**
   * Finds out more about a problem ssh reported: the fingerprint of an unknown host key, or what a jump host said (ssh
   * drops its words when the connection is to be kept).
   */
  explain(host: HostName, target: SshTarget, problem: Problem): Promise<Problem>;
}

/** A shell that answered, and the outputs of the commands sent along. */
export interface Dialled {
  readonly shell: RemoteShell;
  readonly outputs: readonly ShellOutput[];
}

interface Attempt {
  readonly hurried: Hurried | undefined;
  /** Over a connection that was kept open. */
  readonly reused: boolean;
  /** Gives the place among the handshakes back. */
  readonly leave: () => void;
  readonly signal: AbortSignal;
  readonly onConnected: () => void;
}

/** ssh to a host, started before there was something to send. */
interface Hurried {
  readonly process: ShellProcess;
  readonly login: Login;
  readonly reused: boolean;
  readonly jump: string | undefined;
  readonly leave: () => void;
}

/** How long a connection that is already open gets for its first answer before a new one is made. */
const reusedWithinMs = 5_000;
/** How often a connection that was dropped in the handshake is tried: sshd does so at random when it has too many. */
const triesWhenDropped = 4;

/** Makes connections to hosts: handshake limits, sudo, control masters that died, and what it means when it fails. */
export class SshDialer {
  readonly #options: DialerOptions;
  readonly #hurried = new Map<HostName, Hurried>();

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /**
   * Starts ssh to a host that will be dialled soon, and sends nothing. Not when there is no place for one more login.
   * What goes wrong with it shows when the host is dialled.
   */
  hurry(host: HostName, target: SshTarget): void {
    const { settings, handshakes, openShell } = this.#options;
    if (this.#hurried.has(host)) return;
    const reused = hasSocket(controlPath(settings, host, target));
    if (!reused && missingIdentity(host, target) !== undefined) return;
    const leave = reused ? () => undefined : handshakes.tryEnter(target.proxyJump);
    if (leave === undefined) return;
    const login = loginCommand(target.sudo);
    const process = openShell(sshArguments(settings, host, target, login.command));
    this.#hurried.set(host, { process, login, reused, jump: target.proxyJump, leave });
    void process.ended.then(leave);
  }

  /**
   * A place among the handshakes. What was hurried holds its place until its host is dialled, which may be after this
   * one has ended: when there is no place, one in the way gives up its own.
   */
  async #enter(jump: string | undefined): Promise<() => void> {
    const { handshakes } = this.#options;
    for (;;) {
      const leave = handshakes.tryEnter(jump);
      if (leave !== undefined) return leave;
      const inTheWay = [...this.#hurried].findLast(
        ([, one]) => !one.reused && (!handshakes.isFull(jump) || one.jump === jump),
      );
      if (inTheWay === undefined) return await handshakes.enter(jump);
      const [host, { process, leave: giveUp }] = inTheWay;
      this.#hurried.delete(host);
      process.kill();
      giveUp();
    }
  }

  /** Ends what was hurried and never dialled. */
  close(): void {
    for (const { process } of this.#hurried.values()) process.kill();
    this.#hurried.clear();
  }

  /** Nothing of one that has ended can be read any more: why it did shows in another attempt. */
  #takeHurried(host: HostName): Hurried | undefined {
    const hurried = this.#hurried.get(host);
    this.#hurried.delete(host);
    return hurried?.process.isOver() === true ? undefined : hurried;
  }

  /**
   * A shell on the host, with the first commands already answered: they travel with the set-up, in one round trip. Only
   * reads may come first, because they may be sent twice. `onConnected` is called once the shell answered. Rejects with
   * ProblemError, or with ShellLost once the shell had been there.
   */
  async dial(
    host: HostName,
    target: SshTarget,
    first: readonly ShellCommand[],
    signal: AbortSignal,
    onConnected: () => void,
  ): Promise<Dialled> {
    const { settings } = this.#options;
    const socket = controlPath(settings, host, target);
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      const hurried = this.#takeHurried(host);
      const reused = hurried?.reused ?? hasSocket(socket);
      // A connection that is kept open needs no key.
      const missing = reused || hurried !== undefined ? undefined : missingIdentity(host, target);
      if (missing !== undefined) throw new ProblemError(await this.#options.explain(host, target, missing));
      const leave = hurried?.leave ?? (reused ? () => undefined : await this.#enter(target.proxyJump));
      try {
        signal.throwIfAborted();
        return await this.#attempt(host, target, first, { hurried, reused, leave, signal, onConnected });
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ShellLost) || error.answered > 0) throw error;
        const problem = connectProblem(host, target, error);
        if (reused && socket !== undefined && !isVerdict(problem.code)) {
          // Not "exit": another command may still be using it.
          await tellMaster(socket, "stop");
          continue;
        }
        const explained = await this.#options.explain(host, target, problem);
        if (explained.code !== "ssh/refused-by-host" || attempt >= triesWhenDropped) throw new ProblemError(explained);
        await pause(100 + Math.random() * 400 * 2 ** attempt, undefined, { signal });
      } finally {
        leave();
      }
    }
  }

  /** A process at whose far end `script` runs as root, with its stdin at our disposal. Rejects like `dial`. */
  async stream(host: HostName, target: SshTarget, script: string): Promise<ShellProcess> {
    const login = loginCommand(target.sudo, script);
    const process = this.#options.openShell(sshArguments(this.#options.settings, host, target, login.command));
    try {
      await this.#passSudo(host, process, login, this.#options.connectWithinMs);
    } catch (error) {
      process.kill();
      throw error instanceof ShellLost ? new ProblemError(connectProblem(host, target, error)) : error;
    }
    return process;
  }

  async #attempt(
    host: HostName,
    target: SshTarget,
    first: readonly ShellCommand[],
    { hurried, reused, leave, signal, onConnected }: Attempt,
  ): Promise<Dialled> {
    const { settings, openShell } = this.#options;
    const limitMs = this.#options.connectWithinMs;
    const withinMs = reused ? Math.min(reusedWithinMs, limitMs) : limitMs;
    const login = hurried?.login ?? loginCommand(target.sudo);
    const process = hurried?.process ?? openShell(sshArguments(settings, host, target, login.command));
    const onAbort = () => process.kill();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await this.#passSudo(host, process, login, withinMs);
      const nonce = randomBytes(16).toString("hex");
      const shell = new RemoteShell(process, nonce);
      const [outcome, ...outputs] = await shell.run([prologue(nonce, withinMs), ...first], (answered) => {
        if (answered === 1) onConnected();
        leave();
      });
      // Whatever the user's shell prints at login comes before it.
      const said = outcome?.stdout.toString("utf8").trim().split("\n").at(-1) ?? "";
      const [uid = "", bash = ""] = said.split(" ");
      shell.isBash = bash !== "";
      this.#requireRoot(host, target, uid);
      return { shell, outputs };
    } catch (error) {
      process.kill();
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #passSudo(host: HostName, process: ShellProcess, login: Login, withinMs: number): Promise<void> {
    if (login.asks === undefined) return;
    try {
      await passSudo(process, login.asks, withinMs, () => this.#options.password(host));
    } catch (error) {
      if (!(error instanceof WrongPassword)) throw error;
      throw new ProblemError({
        code: "ssh/sudo-wrong-password",
        severity: "error",
        message: `${host}: sudo did not take the password`,
        because: "it asked again after the password that was given",
        hint: { text: "run again with the password of the user that logs in" },
        where: { host },
      });
    }
  }

  #requireRoot(host: HostName, target: SshTarget, uid: string): void {
    if (uid === "0" || !this.#options.requireRoot) return;
    throw new ProblemError({
      code: "ssh/not-root",
      severity: "error",
      message: `${host}: commands would not run as root`,
      because: `the shell there has user id ${uid === "" ? "unknown" : uid}, and ssh.sudo is "${target.sudo}"; wanted 0`,
      hint: { text: 'log in as root, or set "sudo: passwordless" or "sudo: password" in the cluster file' },
      where: { host },
    });
  }
}

function hasSocket(socket: string | undefined): boolean {
  return socket !== undefined && existsSync(socket);
}

/** Said by the host itself: a new connection would not change it. */
function isVerdict(code: string): boolean {
  return code.startsWith("ssh/sudo-") || code === "ssh/shell-missing" || code === "ssh/configuration-invalid";
}
