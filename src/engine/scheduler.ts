import type { LockName, Step } from "./step.ts";

export interface SchedulerLimits {
  /** Steps that may run at the same time. */
  readonly running: number;
  /** Steps that may run at the same time on one host. */
  readonly perHost: number;
}

/** Something a step needs to have for itself, and the steps that wait for it. */
class Resource {
  readonly waiting: Step[] = [];
  readonly #places: number;
  #used = 0;

  constructor(places: number) {
    this.#places = places;
  }

  get isFree(): boolean {
    return this.#used < this.#places;
  }

  take(): void {
    this.#used += 1;
  }

  give(): void {
    this.#used -= 1;
  }
}

/**
 * Which of the ready steps may start now: hosts and locks are held by at most so many. A step that cannot start waits
 * at the first thing it lacks and is looked at again when that is given back, so the cost of an answer does not grow
 * with the number of steps that wait. All locks of a step are taken together, so none waits while it holds another.
 */
export class Scheduler {
  readonly #limits: SchedulerLimits;
  readonly #random: (() => number) | undefined;
  readonly #resources = new Map<string, Resource>();
  readonly #freed = new Set<Resource>();
  /** Steps that were added and have not finished, by each of their locks; without those that were set aside. */
  readonly #open = new Map<LockName, Set<Step>>();
  /** Steps that have let others go first, and those they still wait for. */
  readonly #aside = new Map<Step, Set<Step>>();
  #ready: Step[] = [];
  #head = 0;
  #running = 0;

  constructor(limits: SchedulerLimits, random?: () => number) {
    this.#limits = limits;
    this.#random = random;
  }

  get running(): number {
    return this.#running;
  }

  /** All that the step comes after is done. */
  add(step: Step): void {
    for (const name of step.locks ?? []) this.#openAt(name).add(step);
    this.#ready.push(step);
  }

  /** A step that may start; it counts as running until `finish`. Undefined when none may. */
  next(): Step | undefined {
    while (this.#running < this.#limits.running) {
      const step = this.#candidate();
      if (step === undefined) return undefined;
      const needs = this.#needs(step);
      const lacking = needs.find((one) => !one.isFree);
      if (lacking === undefined) {
        for (const one of needs) one.take();
        this.#running += 1;
        return step;
      }
      lacking.waiting.push(step);
    }
    return undefined;
  }

  /**
   * Whether others need a lock that this running step holds: those that wait for it, and those that wait for their busy
   * host first. Not those that have let this one go first.
   */
  isAwaited(step: Step): boolean {
    return this.#othersOf(step).size > 0;
  }

  finish(step: Step): void {
    this.#end(step);
    for (const [waiting, others] of this.#aside) {
      others.delete(step);
      if (others.size > 0) continue;
      this.#aside.delete(waiting);
      this.add(waiting);
    }
  }

  /**
   * Instead of `finish`: the step has done nothing and may start again once those have finished that need its locks now.
   * Two never wait for each other: a step that was set aside is waited for by nobody who is set aside after it.
   */
  setAside(step: Step): void {
    this.#end(step);
    const others = this.#othersOf(step);
    if (others.size === 0) this.add(step);
    else this.#aside.set(step, others);
  }

  #end(step: Step): void {
    this.#running -= 1;
    for (const name of step.locks ?? []) this.#openAt(name).delete(step);
    for (const one of this.#needs(step)) {
      one.give();
      if (one.waiting.length > 0) this.#freed.add(one);
    }
  }

  #othersOf(step: Step): Set<Step> {
    const others = new Set((step.locks ?? []).flatMap((name) => [...this.#openAt(name)]));
    others.delete(step);
    return others;
  }

  #openAt(name: LockName): Set<Step> {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const made = new Set<Step>();
    this.#open.set(name, made);
    return made;
  }

  #candidate(): Step | undefined {
    for (const resource of this.#freed) {
      const step = resource.isFree ? resource.waiting.shift() : undefined;
      if (step !== undefined) return step;
      this.#freed.delete(resource);
    }
    if (this.#head >= this.#ready.length) {
      this.#ready = [];
      this.#head = 0;
      return undefined;
    }
    if (this.#random !== undefined) this.#shuffleHead(this.#random);
    const step = this.#ready[this.#head];
    this.#head += 1;
    return step;
  }

  #shuffleHead(random: () => number): void {
    const other = this.#head + Math.floor(random() * (this.#ready.length - this.#head));
    const [a, b] = [this.#ready[this.#head], this.#ready[other]];
    if (a === undefined || b === undefined) return;
    this.#ready[this.#head] = b;
    this.#ready[other] = a;
  }

  #needs(step: Step): Resource[] {
    const host = step.on === "cluster" ? [] : [this.#resource(`host ${step.on}`, this.#limits.perHost)];
    return [...host, ...new Set(step.locks ?? [])].map((one) => (typeof one === "string" ? this.#lock(one) : one));
  }

  #lock(name: LockName): Resource {
    return this.#resource(`lock ${name}`, 1);
  }

  #resource(key: string, places: number): Resource {
    const known = this.#resources.get(key);
    if (known !== undefined) return known;
    const made = new Resource(places);
    this.#resources.set(key, made);
    return made;
  }
}
