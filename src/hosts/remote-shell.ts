import { BoundedOutput } from "./bounded-output.ts";
import { FrameReader } from "./frame-reader.ts";
import { quote } from "./quote.ts";
import type { ShellEnd, ShellProcess } from "./shell-process.ts";
import { drainedShell, prologue, renderRequest, type ShellCommand, type ShellOutput } from "./shell-script.ts";

/** Why a shell is gone. Turned into a Problem by whoever knows the host. */
export class ShellLost extends Error {
  readonly how: "ended" | "no-answer";
  readonly end: ShellEnd | undefined;
  /** The end of what came on stderr, ssh's own messages among it. */
  readonly stderr: string;
  /** The end of what came on stdout. */
  readonly stdout: string;
  /** The command that was not answered, and how long it was given. */
  readonly command: ShellCommand | undefined;
  /** How many commands of the request were answered before. */
  readonly answered: number;

  constructor(
    how: "ended" | "no-answer",
    details: { end?: ShellEnd; stderr: string; stdout: string; command: ShellCommand | undefined; answered: number },
  ) {
    super(`the remote shell is gone: ${how}`);
    this.name = "ShellLost";
    this.how = how;
    this.end = details.end;
    this.stderr = details.stderr;
    this.stdout = details.stdout;
    this.command = details.command;
    this.answered = details.answered;
  }
}

/** One stream's share of the request under way. */
class Stream {
  readonly outputs: { bytes: Buffer; truncated: boolean; exitCode: number }[] = [];
  #output: BoundedOutput | undefined;
  readonly #commands: readonly ShellCommand[];

  constructor(commands: readonly ShellCommand[]) {
    this.#commands = commands;
  }

  add(bytes: Buffer): void {
    const command = this.#commands[this.outputs.length];
    if (command === undefined) return;
    this.#output ??= new BoundedOutput(command.keepBytes, command.keep);
    this.#output.add(bytes);
  }

  end(exitCode: number): void {
    const { bytes, truncated } = this.#output?.result() ?? { bytes: Buffer.alloc(0), truncated: false };
    this.outputs.push({ bytes, truncated, exitCode });
    this.#output = undefined;
  }

  /** The end of what came for the command under way. */
  unfinished(): string {
    return (this.#output?.result().bytes ?? Buffer.alloc(0)).toString("utf8").slice(-8192);
  }
}

interface Request {
  readonly commands: readonly ShellCommand[];
  readonly firstSequence: number;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly outputs: ShellOutput[];
  readonly onAnswered: ((answered: number) => void) | undefined;
  readonly resolve: (outputs: readonly ShellOutput[]) => void;
  readonly reject: (error: ShellLost) => void;
  startedAt: number;
}

/** A shell at the far end of a process: takes one request at a time, and gives the output of each of its commands. */
export class RemoteShell {
  /** Set once the far end is known to be bash: see `renderRequest`. */
  isBash = false;
  readonly #nonce: string;
  readonly #process: ShellProcess;
  #outlives = false;
  #sequence = 0;
  #request: Request | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lost: { end: ShellEnd } | undefined;
  /** What came while no request was under way: ssh's last words. */
  #stray = "";

  constructor(process: ShellProcess, nonce: string) {
    this.#nonce = nonce;
    this.#process = process;
    this.#read(process.stdout, nonce, (request) => request.stdout);
    this.#read(process.stderr, nonce, (request) => request.stderr);
    void process.ended.then((end) => {
      this.#lost = { end };
      this.#fail("ended");
    });
  }

  /** False once the process ended: the next request needs a new shell. */
  get open(): boolean {
    return this.#lost === undefined;
  }

  /**
   * Sends all commands at once and gives their outputs, in order. Rejects with ShellLost. `onAnswered` is called after
   * each command with the number answered so far.
   */
  run(commands: readonly ShellCommand[], onAnswered?: (answered: number) => void): Promise<readonly ShellOutput[]> {
    if (this.#request !== undefined) throw new Error("a request is under way on this shell");
    if (commands.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const firstSequence = this.#sequence;
      this.#sequence += commands.length;
      this.#request = {
        commands,
        firstSequence,
        stdout: new Stream(commands),
        stderr: new Stream(commands),
        outputs: [],
        onAnswered,
        resolve,
        reject,
        startedAt: performance.now(),
      };
      if (this.#lost !== undefined) {
        this.#fail("ended");
        return;
      }
      this.#watch();
      this.#process.stdin.write(renderRequest(commands, firstSequence, this.isBash));
    });
  }

  /** True: what runs in the shell runs on when the connection breaks. */
  get outlives(): boolean {
    return this.#outlives;
  }

  /**
   * Puts a shell in the place of this one that outlives the connection. It costs a host seven processes, so a shell
   * that only reads goes without. Two requests; rejects with ShellLost.
   */
  async outlive(withinMs: number): Promise<void> {
    const shown = "open a shell that outlives the connection";
    const text = `exec sh -c ${quote(drainedShell)}`;
    await this.run([{ text, keepBytes: 1024, keep: "ends", withinMs, shown, replacesShell: true }]);
    await this.run([prologue(this.#nonce, withinMs)]);
    this.#outlives = true;
  }

  /** Ends the shell; what it is running now runs to its end on the host. */
  async close(): Promise<void> {
    this.#process.stdin.end();
    const timer = setTimeout(() => this.#process.kill(), 1000);
    await this.#process.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#process.kill();
  }

  #read(stream: NodeJS.ReadableStream, nonce: string, pick: (request: Request) => Stream): void {
    const reader = new FrameReader(
      nonce,
      (bytes) => {
        if (this.#request !== undefined) pick(this.#request).add(bytes);
        else this.#stray = (this.#stray + bytes.toString("utf8")).slice(-8192);
      },
      ({ sequence, exitCode }) => {
        const request = this.#request;
        if (request === undefined) return;
        const part = pick(request);
        if (sequence !== request.firstSequence + part.outputs.length) return;
        part.end(exitCode);
        this.#advance(request);
      },
    );
    stream.on("data", (chunk: Buffer) => reader.feed(chunk));
    stream.on("end", () => reader.flush());
  }

  #advance(request: Request): void {
    const index = request.outputs.length;
    const stdout = request.stdout.outputs[index];
    const stderr = request.stderr.outputs[index];
    if (stdout === undefined || stderr === undefined) return;
    const now = performance.now();
    request.outputs.push({
      exitCode: stdout.exitCode,
      stdout: stdout.bytes,
      stderr: stderr.bytes,
      truncated: stdout.truncated || stderr.truncated,
      durationMs: now - request.startedAt,
    });
    request.startedAt = now;
    request.onAnswered?.(request.outputs.length);
    if (request.outputs.length < request.commands.length) {
      this.#watch();
      return;
    }
    clearTimeout(this.#timer);
    this.#request = undefined;
    request.resolve(request.outputs);
  }

  /** Each command has its own deadline, counted from the answer before it. */
  #watch(): void {
    clearTimeout(this.#timer);
    const command = this.#request?.commands[this.#request.outputs.length];
    if (command === undefined) return;
    this.#timer = setTimeout(() => {
      this.#fail("no-answer");
      this.#process.kill();
    }, command.withinMs);
  }

  #fail(how: "ended" | "no-answer"): void {
    clearTimeout(this.#timer);
    const request = this.#request;
    if (request === undefined) return;
    this.#request = undefined;
    request.reject(
      new ShellLost(how, {
        ...(this.#lost === undefined ? {} : this.#lost),
        stderr: `${this.#stray}${request.stderr.unfinished()}`,
        stdout: request.stdout.unfinished(),
        command: request.commands[request.outputs.length],
        answered: request.outputs.length,
      }),
    );
  }
}
