import type { Fact } from "../facts/fact.ts";
import type { HostName } from "../hosts/port.ts";
import type { Clock } from "./clock.ts";
import { FactReader } from "./fact-reader.ts";
import type { Check, Condition, HostLook, Look, Step, VaultReader, Verdict } from "./step.ts";
import type { World } from "./world.ts";

/** True for a step about the cluster as a whole. */
export function isClusterStep(step: Step): step is Extract<Step, { on: "cluster" }> {
  return step.on === "cluster";
}

/** Read-only in fact, not only in type: nothing reachable from it can change a host or the vault. */
class ClusterLook implements Look {
  readonly vault: VaultReader;
  readonly signal: AbortSignal;
  readonly #clock: Clock;
  readonly #reader: FactReader;

  constructor(world: World, reader: FactReader, signal: AbortSignal) {
    this.vault = watchedVault(world).reader;
    this.signal = signal;
    this.#clock = world.clock;
    this.#reader = reader;
  }

  factOf<T>(host: HostName, fact: Fact<T>): Promise<T> {
    return this.#reader.factOf(host, fact);
  }

  now(): Date {
    return this.#clock.now();
  }
}

class StepHostLook extends ClusterLook implements HostLook {
  readonly #host: HostName;

  constructor(world: World, reader: FactReader, signal: AbortSignal, host: HostName) {
    super(world, reader, signal);
    this.#host = host;
  }

  fact<T>(fact: Fact<T>): Promise<T> {
    return this.factOf(this.#host, fact);
  }
}

interface WatchedVault {
  readonly reader: VaultReader;
  /** What is being read at this moment. */
  readonly pending: Set<Promise<unknown>>;
}

const watched = new WeakMap<World, WatchedVault>();

/** The reading half of the vault, as an object of its own; one per world. */
function watchedVault(world: World): WatchedVault {
  const known = watched.get(world);
  if (known !== undefined) return known;
  const { vault } = world;
  const pending = new Set<Promise<unknown>>();
  const watch = <T>(read: Promise<T>): Promise<T> => {
    pending.add(read);
    const done = () => pending.delete(read);
    read.then(done, done);
    return read;
  };
  const reader: VaultReader = Object.freeze({
    read: (name: string) => watch(vault.read(name)),
    list: () => watch(vault.list()),
  });
  const made = { reader, pending };
  watched.set(world, made);
  return made;
}

/** Resolves once no look waits for the vault of this world; whether reading it worked is the reader's business. */
export async function vaultIsQuiet(world: World): Promise<void> {
  const { pending } = watchedVault(world);
  while (pending.size > 0) await Promise.allSettled(pending);
}

/** Asks a step's check. Looks that share a reader share what was read. */
export async function checkStep(
  step: Step,
  world: World,
  signal: AbortSignal,
  reader: FactReader = new FactReader(world.hosts, signal),
): Promise<Check> {
  return isClusterStep(step)
    ? await step.check(new ClusterLook(world, reader, signal))
    : await step.check(new StepHostLook(world, reader, signal, step.on));
}

/** One condition of a step's verify, its type already matched with the look it takes. */
export interface BoundCondition extends Omit<Condition<never>, "holds"> {
  holds(reader: FactReader, signal: AbortSignal): Promise<Verdict>;
}

/** The conditions of a step, each ready to be asked with a reader of the caller's choice. */
export function conditionsOf(step: Step, world: World): readonly BoundCondition[] {
  if (isClusterStep(step))
    return step.verify.map((one) => ({
      title: one.title,
      everyMs: one.everyMs,
      withinMs: one.withinMs,
      holds: (reader, signal) => one.holds(new ClusterLook(world, reader, signal)),
    }));
  return step.verify.map((one) => ({
    title: one.title,
    everyMs: one.everyMs,
    withinMs: one.withinMs,
    holds: (reader, signal) => one.holds(new StepHostLook(world, reader, signal, step.on)),
  }));
}
