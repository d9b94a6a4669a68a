import type { Fact } from "../facts/fact.ts";
import type { CommandResult, HostChange, HostName } from "../hosts/port.ts";
import type { Secret } from "../hosts/secret.ts";
import type { Problem } from "../problems/problem.ts";

/** "etcd.member.join/cp-2": subject.verb, then what it is about. Stable across runs; the journal is keyed by it. */
export type StepId = string & { readonly __brand: "StepId" };
/** At most one running step holds a given lock: "etcd-membership", "load-balancer-rollout". */
export type LockName = string & { readonly __brand: "LockName" };
export type NonEmpty<T> = readonly [T, ...T[]];

/** The worst thing that happens while the step runs. The plan is printed, and confirmation asked, by this. */
export type Impact = "none" | "restarts-component" | "evicts-pods" | "changes-etcd-membership" | "destroys-data";

/** One line of the plan: "~ file /etc/chrony/chrony.conf". */
export interface Change {
  readonly verb: "create" | "update" | "delete" | "restart" | "run";
  /** "file /etc/hosts", "package chrony", "service etcd.service", "etcd member cp-2". */
  readonly what: string;
  /** What is there now; absent when nothing is. */
  readonly from?: string;
  readonly to?: string;
  /** Why, where it is not obvious: "the running process is older than /etc/haproxy/haproxy.cfg". */
  readonly because?: string;
  /** Unified diff without the file header. Never set for secrets. */
  readonly diff?: string;
}

/** The four answers of a check. There is no fifth: nothing is skipped by falling through. */
export type Check<Found = unknown> =
  /** Nothing to do, and why. Only when every condition of `verify` holds. */
  | { readonly state: "satisfied"; readonly because: string }
  /** Something to do. `found` is handed to apply, so that apply never looks twice. */
  | {
      readonly state: "needed";
      readonly found: Found;
      readonly changes: NonEmpty<Change>;
      /** Steps that wait for one of its locks go first, once in a run: the etcd leader is restarted last. */
      readonly yields?: boolean;
    }
  /**
   * Plan time only: cannot be known until `until` has run. When it still cannot be known then, that is the `problem`;
   * without one, a bug in `after`.
   */
  | { readonly state: "unknown"; readonly until: StepId; readonly because: string; readonly problem?: Problem }
  /** It would be unsafe. Nothing is started. */
  | { readonly state: "refused"; readonly problem: Problem };

export type Verdict =
  | { readonly state: "met" }
  | { readonly state: "not-yet"; readonly because: string }
  /** Waiting longer cannot help. */
  | { readonly state: "never"; readonly problem: Problem };

/** Something to wait for. Printed as "waiting for <title>: <because>". */
export interface Condition<L> {
  /** A noun phrase: "etcd member cp-2 to be started". */
  readonly title: string;
  readonly everyMs: number;
  readonly withinMs: number;
  holds(look: L): Promise<Verdict>;
}

/** Where keys and certificates of the cluster live: the encrypted part of the state folder. Names: "etcd/ca.key". */
export interface VaultReader {
  read(name: string): Promise<Secret | undefined>;
  list(): Promise<readonly string[]>;
}
export interface Vault extends VaultReader {
  write(name: string, value: Secret): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Read-only. Everything a check or a condition sees. */
export interface Look {
  /** A fact about any host. Facts asked for in the same turn cost one round trip; none is asked twice in one look. */
  factOf<T>(host: HostName, fact: Fact<T>): Promise<T>;
  readonly vault: VaultReader;
  now(): Date;
  readonly signal: AbortSignal;
}
export interface HostLook extends Look {
  /** A fact about the step's own host. */
  fact<T>(fact: Fact<T>): Promise<T>;
}

/** May change things. Only apply and release get one. Facts are read fresh, never from the check's look. */
export interface Act extends Look {
  readonly vault: Vault;
  changeOn(host: HostName, change: HostChange): Promise<CommandResult>;
  /** One line for the live view and the journal; secrets masked. */
  say(text: string): void;
}
export interface HostAct extends Act {
  fact<T>(fact: Fact<T>): Promise<T>;
  change(change: HostChange): Promise<CommandResult>;
}

interface StepBase {
  readonly id: StepId;
  /** Imperative, sentence case, no full stop: "Join cp-2 to the etcd cluster". */
  readonly title: string;
  /** The `--through` unit: "baseline", "load-balancer", "etcd". */
  readonly phase: string;
  readonly after: readonly StepId[];
  readonly locks?: readonly LockName[];
  readonly impact: Impact;
  /** How often apply may be tried; check runs before each. Default 1. */
  readonly tries?: number;
  /** Deadline of apply, default 15 min. Conditions have their own. */
  readonly withinMs?: number;
}

/** A step about one host. */
export interface HostStep<Found = unknown> extends StepBase {
  readonly on: HostName;
  /** Reads only. Called for the plan, and again right before apply. */
  check(look: HostLook): Promise<Check<Found>>;
  /** Returns nothing: what it made is read back as a fact, by this run or the next. */
  apply(act: HostAct, found: Found): Promise<void>;
  readonly verify: NonEmpty<Condition<HostLook>>;
  /** Gives back what apply borrowed (a maintenance flag, a token, a temporary file) on failure or cancel. */
  release?(act: HostAct): Promise<void>;
}

/** A step about the cluster as a whole. */
export interface ClusterStep<Found = unknown> extends StepBase {
  readonly on: "cluster";
  check(look: Look): Promise<Check<Found>>;
  apply(act: Act, found: Found): Promise<void>;
  readonly verify: NonEmpty<Condition<Look>>;
  release?(act: Act): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: a list of steps holds each step's own Found; only its own apply sees it
export type Step = HostStep<any> | ClusterStep<any>;
