import type { Fact } from "../facts/fact.ts";
import type { CommandResult, HostChange, HostName } from "../hosts/port.ts";
import { readFact } from "./fact-reader.ts";
import { isClusterStep } from "./look.ts";
import type { Act, HostAct, Step, Vault } from "./step.ts";
import type { World } from "./world.ts";

/** What the engine does around a step's changes. */
export interface ActHooks {
  /** Called before every change; the change is made only when it resolves. */
  before(host: HostName, change: HostChange): Promise<void>;
  said(text: string): void;
}

/** Hands to change things with, taken away again when the step is over. */
class StepAct implements Act {
  readonly vault: Vault;
  readonly signal: AbortSignal;
  readonly #world: World;
  readonly #hooks: ActHooks;
  #over = false;

  constructor(world: World, hooks: ActHooks, signal: AbortSignal) {
    this.vault = world.vault;
    this.signal = signal;
    this.#world = world;
    this.#hooks = hooks;
  }

  factOf<T>(host: HostName, fact: Fact<T>): Promise<T> {
    return readFact(this.#world.hosts, host, fact, this.signal);
  }

  now(): Date {
    return this.#world.clock.now();
  }

  async changeOn(host: HostName, change: HostChange): Promise<CommandResult> {
    this.#throwIfOver();
    await this.#hooks.before(host, change);
    this.#throwIfOver();
    return await this.#world.hosts.session(host).change(change, this.signal);
  }

  say(text: string): void {
    if (!this.#over) this.#hooks.said(text);
  }

  /** From now on nothing can be changed: a step that was given up on must not go on behind our back. */
  end(): void {
    this.#over = true;
  }

  #throwIfOver(): void {
    this.signal.throwIfAborted();
    if (this.#over) throw new Error("a change after the end of its step");
  }
}

class StepHostAct extends StepAct implements HostAct {
  readonly #host: HostName;

  constructor(world: World, hooks: ActHooks, signal: AbortSignal, host: HostName) {
    super(world, hooks, signal);
    this.#host = host;
  }

  fact<T>(fact: Fact<T>): Promise<T> {
    return this.factOf(this.#host, fact);
  }

  change(change: HostChange): Promise<CommandResult> {
    return this.changeOn(this.#host, change);
  }
}

/** Something that was begun with hands of its own. `end` takes the hands away. */
export interface Acting {
  readonly done: Promise<void>;
  end(): void;
}

/** Starts a step's apply. */
export function beginApply(step: Step, found: unknown, world: World, hooks: ActHooks, signal: AbortSignal): Acting {
  if (isClusterStep(step)) {
    const act = new StepAct(world, hooks, signal);
    return begin(act, () => step.apply(act, found));
  }
  const act = new StepHostAct(world, hooks, signal, step.on);
  return begin(act, () => step.apply(act, found));
}

/** Starts a step's release; does nothing when it has none. */
export function beginRelease(step: Step, world: World, hooks: ActHooks, signal: AbortSignal): Acting {
  if (isClusterStep(step)) {
    const act = new StepAct(world, hooks, signal);
    return begin(act, async () => await step.release?.(act));
  }
  const act = new StepHostAct(world, hooks, signal, step.on);
  return begin(act, async () => await step.release?.(act));
}

function begin(act: StepAct, work: () => Promise<void>): Acting {
  return { done: Promise.resolve().then(work), end: () => act.end() };
}
