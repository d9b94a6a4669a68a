import { readFile } from "node:fs/promises";
import { setImmediate as macrotask } from "node:timers/promises";
import {
  type Answer,
  type CommandResult,
  type HostChange,
  type HostName,
  type HostSession,
  type Read,
  readKey,
} from "../../src/hosts/port.ts";
import { Secret } from "../../src/hosts/secret.ts";
import { ProblemError } from "../../src/problems/problem.ts";
import { FakeFiles } from "./fake-files.ts";
import type {
  FakeCall,
  FakeFault,
  FakeFile,
  FakeHostScript,
  FakeOperation,
  FakeResult,
  FakeRun,
} from "./fake-host-script.ts";
import { grepLines, grepLinesArgv, isGrepLines } from "./grep-lines.ts";

/** What a fake host shares with its fleet: counters, the freeze, and the fallback script. */
export interface FakeFleet {
  readonly base: FakeHostScript;
  readonly baseFiles: ReadonlyMap<string, FakeFile>;
  /** Host time in seconds since the epoch; each call is later than the one before. */
  tick(): number;
  /** How far our own clock was set forward. */
  clockSetMs(): number;
  /** Counts one round trip and the connection it needs. */
  roundTrip(host: FakeHost): void;
  /** Called around every operation; never settles once the fleet is frozen. */
  gate(operation: FakeOperation): Promise<void>;
  readonly inFlight: { count: number };
}

interface Pending {
  readonly reads: readonly Read[];
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One scripted host in memory. Records what was done to it, and throws an ordinary Error (so the test fails) on a
 * command that is not in its table; for the lines of its files (`linesOfFiles`) it needs no row. Reads made in the same turn of the event loop share one round trip.
 */
export class FakeHost implements HostSession {
  readonly host: HostName;
  /** Every change that was carried out, in order. */
  readonly changes: HostChange[] = [];
  /** Every read that was sent, in order; equal reads of one batch are here once. */
  readonly reads: Read[] = [];
  readonly files: FakeFiles;
  roundTrips = 0;
  connected = false;
  /** While true every operation throws `ssh/unreachable`. */
  unreachable = false;
  readonly #script: FakeHostScript;
  readonly #fleet: FakeFleet;
  readonly #faults: { fault: FakeFault; left: number }[] = [];
  #pending: Pending[] = [];

  constructor(name: string, script: FakeHostScript, fleet: FakeFleet) {
    this.host = name as HostName;
    this.#script = script;
    this.#fleet = fleet;
    this.files = new FakeFiles(fleet.baseFiles, script.files, () => fleet.tick());
  }

  /** Something goes wrong on cue. */
  fault(fault: FakeFault): void {
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  /** The commands that were run, as text: "systemctl restart haproxy". */
  commands(): string[] {
    return this.changes.flatMap((change) => (change.kind === "run" ? [change.argv.join(" ")] : []));
  }

  async read(reads: readonly Read[], signal?: AbortSignal): Promise<readonly Answer[]> {
    signal?.throwIfAborted();
    const answers = new Promise<readonly Answer[]>((resolve, reject) => {
      this.#pending.push({ reads, resolve, reject });
      if (this.#pending.length === 1) void this.#flush();
    });
    return await orAborted(answers, signal);
  }

  async change(change: HostChange, signal?: AbortSignal): Promise<CommandResult> {
    signal?.throwIfAborted();
    return await orAborted(
      this.#busy(async () => {
        await macrotask();
        const operation: FakeOperation = { host: this.host, kind: "change", change };
        await this.#before(operation);
        const result = await this.#carryOut(change);
        this.changes.push(change);
        await this.#after(operation);
        return result;
      }),
      signal,
    );
  }

  async clockOffset(): Promise<{ seconds: number; uncertaintySeconds: number }> {
    await macrotask();
    this.#throwIfUnreachable();
    const seconds = this.#script.clockOffsetSeconds ?? this.#fleet.base.clockOffsetSeconds ?? 0;
    return { seconds: seconds - this.#fleet.clockSetMs() / 1000, uncertaintySeconds: 0.01 };
  }

  async #busy<T>(work: () => Promise<T>): Promise<T> {
    this.#fleet.inFlight.count += 1;
    try {
      return await work();
    } finally {
      this.#fleet.inFlight.count -= 1;
    }
  }

  async #flush(): Promise<void> {
    await this.#busy(async () => {
      await macrotask();
      const batch = this.#pending;
      this.#pending = [];
      try {
        const unique = new Map<string, Read>();
        for (const one of batch) for (const read of one.reads) unique.set(readKey(read), read);
        const operation: FakeOperation = { host: this.host, kind: "read", reads: [...unique.values()] };
        await this.#before(operation);
        this.reads.push(...unique.values());
        const answers = await this.#answer(unique);
        await this.#after(operation);
        for (const one of batch) one.resolve(one.reads.map((read) => answers.get(readKey(read)) as Answer));
      } catch (error) {
        for (const one of batch) one.reject(error);
      }
    });
  }

  async #answer(unique: ReadonlyMap<string, Read>): Promise<ReadonlyMap<string, Answer>> {
    const operands = new Map<string, string[]>();
    for (const read of unique.values()) {
      if (read.kind !== "run" || read.stdin !== undefined) continue;
      const key = read.argv.join("\u0000");
      operands.set(key, [...new Set([...(operands.get(key) ?? []), ...(read.operands ?? [])])]);
    }
    const answers = new Map<string, Answer>();
    const results = new Map<string, CommandResult>();
    for (const [key, read] of unique) {
      if (read.kind !== "run") {
        answers.set(key, this.files.answer(read));
        continue;
      }
      if (read.stdin !== undefined) {
        const argv = [...read.argv, ...(read.operands ?? [])];
        answers.set(key, await this.#run({ argv, stdin: textOf(read.stdin) }));
        continue;
      }
      const command = read.argv.join("\u0000");
      const result =
        results.get(command) ?? (await this.#run({ argv: [...read.argv, ...(operands.get(command) ?? [])] }));
      results.set(command, result);
      answers.set(key, result);
    }
    return answers;
  }

  async #carryOut(change: HostChange): Promise<CommandResult> {
    switch (change.kind) {
      case "write": {
        const content = change.content instanceof Secret ? change.content.reveal() : Buffer.from(change.content);
        const owner = { ...(change.owner && { owner: change.owner }), ...(change.group && { group: change.group }) };
        this.files.write(change.path, { content, mode: change.mode, ...owner });
        return resultOf("");
      }
      case "upload": {
        const { localPath, path, mode, part } = change;
        const whole = await readFile(localPath);
        const content =
          part === undefined ? whole : whole.subarray(part.offsetBytes, part.offsetBytes + part.sizeBytes);
        if (this.files.get(path)?.bytes.equals(content)) return resultOf("unchanged");
        this.files.write(path, { content, mode });
        return resultOf("sent");
      }
      case "remove":
        this.files.remove(change.path, change.recursive ?? false);
        return resultOf("");
      case "run": {
        const stdin = change.stdin === undefined ? {} : { stdin: textOf(change.stdin) };
        const result = await this.#run({ argv: change.argv, ...stdin });
        if (!(change.okExitCodes ?? [0]).includes(result.exitCode)) throw this.#commandFailed(change.argv, result);
        return result;
      }
    }
  }

  async #run(call: Omit<FakeCall, "host">): Promise<CommandResult> {
    const rows = [...(this.#script.runs ?? []), ...(this.#fleet.base.runs ?? [])];
    if (isGrepLines(call.argv)) {
      return resultOf(
        grepLines(call.argv.slice(grepLinesArgv.length), (path) => {
          const file = this.files.get(path);
          if (file?.type === "directory") return { unreadable: "Is a directory" };
          return file?.unreadable === undefined ? file?.bytes : { unreadable: file.unreadable };
        }),
      );
    }
    const row = rows.find((one) => one.argv.every((word, index) => call.argv[index] === word));
    if (row === undefined) throw new Error(`fake host ${this.host}: unexpected command: ${call.argv.join(" ")}`);
    return resultOf(await answerOf(row, { ...call, host: this }));
  }

  async #before(operation: FakeOperation): Promise<void> {
    await this.#fleet.gate(operation);
    this.#throwIfUnreachable();
    this.#fleet.roundTrip(this);
    await this.#strike(operation, "before");
  }

  async #after(operation: FakeOperation): Promise<void> {
    await this.#strike(operation, "after");
  }

  async #strike(operation: FakeOperation, when: "before" | "after"): Promise<void> {
    const due = this.#faults.find(
      (one) => one.left > 0 && (one.fault.when ?? "before") === when && (one.fault.on?.(operation) ?? true),
    );
    if (due === undefined) return;
    due.left -= 1;
    switch (due.fault.how) {
      case "fail":
        throw this.#commandFailed(
          operation.kind === "change" && operation.change.kind === "run" ? operation.change.argv : [operation.kind],
          resultOf({ exitCode: 1, stderr: "failed on cue" }),
        );
      case "disconnect":
        throw new ProblemError({
          code: "ssh/connection-lost",
          severity: "error",
          message: `${this.host}: the connection was lost`,
          because: "disconnected on cue",
          where: { host: this.host },
        });
      case "hang":
        this.#fleet.inFlight.count -= 1;
        await new Promise(() => undefined);
    }
  }

  #throwIfUnreachable(): void {
    if (!this.unreachable) return;
    throw new ProblemError({
      code: "ssh/unreachable",
      severity: "error",
      message: `${this.host}: no connection`,
      because: "the fake host is unreachable",
      where: { host: this.host },
    });
  }

  #commandFailed(argv: readonly string[], result: CommandResult): ProblemError {
    const lastLines = result.stderr.toString("utf8").split("\n").slice(-5);
    return new ProblemError({
      code: "host/command-failed",
      severity: "error",
      message: `${this.host}: ${argv[0]} did not succeed`,
      because: `it ended with exit code ${result.exitCode}`,
      where: { host: this.host },
      evidence: { command: argv.join(" "), exitCode: result.exitCode, lastLines },
    });
  }
}

function textOf(stdin: string | Secret): string {
  return stdin instanceof Secret ? stdin.reveal().toString("utf8") : stdin;
}

async function answerOf(row: FakeRun, call: FakeCall): Promise<FakeResult> {
  return typeof row.answer === "function" ? await row.answer(call) : row.answer;
}

function resultOf(answer: FakeResult): CommandResult {
  const { exitCode = 0, stdout = "", stderr = "" } = typeof answer === "string" ? { stdout: answer } : answer;
  return {
    kind: "result",
    exitCode,
    stdout: Buffer.from(stdout),
    stderr: Buffer.from(stderr),
    truncated: false,
    durationMs: 1,
  };
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  return await Promise.race([work, abortOf(signal)]);
}

const aborts = new WeakMap<AbortSignal, Promise<never>>();

/** One listener for each signal: removing one of thousands costs a walk over all of them. */
function abortOf(signal: AbortSignal): Promise<never> {
  const known = aborts.get(signal);
  if (known !== undefined) return known;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => undefined);
  aborts.set(signal, aborted);
  return aborted;
}
