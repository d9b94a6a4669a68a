import { type FileHandle, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RunEvent } from "../engine/events.ts";
import type { Journal } from "../engine/journal.ts";
import type { LockOwner } from "../engine/lock-record.ts";
import { makeFolder } from "./make-folder.ts";
import { runFolder, type StateFolder } from "./state-folder.ts";
import { syncFolder, writeAtomically } from "./write-atomically.ts";
import { writeProblem } from "./write-problem.ts";

interface Waiter {
  readonly upTo: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The journal of a run in the state folder: one JSON line per event. The first event makes folder and file. */
export function openRunJournal(folder: StateFolder, run: string, owner: LockOwner): RunJournal {
  return new RunJournal(join(runFolder(folder, run), "journal.jsonl"), owner);
}

/**
 * Appends in batches: while one batch is on its way to the disk the next is collected, so a hundred steps that start at
 * the same moment cost one fsync and not a hundred.
 */
export class RunJournal implements Journal {
  readonly path: string;
  readonly #owner: LockOwner;
  #handle: FileHandle | undefined;
  #lines: string[] = [];
  #appended = 0;
  #durable = 0;
  #waiters: Waiter[] = [];
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown; isTold: boolean } | undefined;

  constructor(path: string, owner: LockOwner) {
    this.path = path;
    this.#owner = owner;
  }

  /** True until the first event is safe on the disk: without one there was no run. */
  get isEmpty(): boolean {
    return this.#durable === 0;
  }

  append(event: RunEvent): void {
    if (this.#failure !== undefined) return;
    this.#lines.push(`${JSON.stringify(event)}\n`);
    this.#appended += 1;
    this.#writing ??= this.#writeAll();
  }

  synced(): Promise<void> {
    if (this.#failure !== undefined) {
      this.#failure.isTold = true;
      return Promise.reject(this.#failure.error);
    }
    if (this.#durable >= this.#appended) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ upTo: this.#appended, resolve, reject });
    });
  }

  /**
   * Writes what is left and closes the file. Throws `state/cannot-write`, unless `synced` has said so before: then it
   * is part of the run's result, which must not be hidden by saying it again.
   */
  async close(): Promise<void> {
    await this.#writing;
    await this.#handle?.close();
    this.#handle = undefined;
    if (this.#failure?.isTold === false) throw this.#failure.error;
  }

  async #writeAll(): Promise<void> {
    try {
      const handle = this.#handle ?? (await this.#open());
      this.#handle = handle;
      while (this.#lines.length > 0) {
        const batch = this.#lines;
        this.#lines = [];
        await handle.appendFile(batch.join(""));
        await handle.datasync();
        this.#durable += batch.length;
        this.#settle();
      }
    } catch (error) {
      this.#fail(writeProblem(this.path, error));
    } finally {
      this.#writing = undefined;
    }
  }

  async #open(): Promise<FileHandle> {
    const folder = dirname(this.path);
    await makeFolder(folder);
    await writeAtomically(join(folder, "process.json"), `${JSON.stringify(this.#owner)}\n`, 0o600);
    const handle = await open(this.path, "a", 0o600);
    await syncFolder(folder);
    return handle;
  }

  #settle(): void {
    const due = this.#waiters.filter((one) => one.upTo <= this.#durable);
    this.#waiters = this.#waiters.filter((one) => one.upTo > this.#durable);
    for (const one of due) one.resolve();
  }

  #fail(error: unknown): void {
    this.#lines = [];
    const waiters = this.#waiters;
    this.#failure = { error, isTold: waiters.length > 0 };
    this.#waiters = [];
    for (const one of waiters) one.reject(error);
  }
}
