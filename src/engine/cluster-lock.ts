import type { HostName } from "../hosts/port.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import type { Clock } from "./clock.ts";
import { type Acquired, HostLock } from "./host-lock.ts";
import type { LockOwner } from "./lock-record.ts";
import type { World } from "./world.ts";

/** Where the cluster lock lives and who takes it. */
export interface ClusterLockOptions {
  /** Up to three hosts that every run of this cluster names alike: etcd or control plane hosts. A majority is needed. */
  readonly hosts: readonly HostName[];
  readonly owner: LockOwner;
  /** True when it is certain that the owner no longer runs: its lock is then taken over at once. */
  isGone(owner: LockOwner): boolean;
  /** How long the lock outlives its last renewal; default 5 min. It is renewed five times as often. */
  readonly ttlMs?: number;
}

/** The lock is on at most this many hosts: a majority of three survives the loss of one. */
const maxLockHosts = 3;
const defaultTtlMs = 5 * 60_000;
const releaseWithinMs = 15_000;
/** A lock this close to its end may be somebody else's before a change that is begun now has reached its host. */
const marginMs = 15_000;

/** The directory on each lock host. */
export function lockPath(cluster: string): string {
  return `/var/lib/slipway/${cluster}.lock`;
}

export interface ClusterLock {
  /** Aborted with a ProblemError (`engine/lock-lost`) when the lock could not be kept. */
  readonly lost: AbortSignal;
  /**
   * Throws `engine/lock-lost` unless a majority was renewed recently enough. To be asked before every change: a computer
   * that slept wakes up with a lock that may be another's, before anything has noticed.
   */
  requireKept(): void;
  /** Gives the lock back everywhere. Returns what stood in the way, never throws. */
  release(): Promise<readonly Problem[]>;
}

/**
 * Takes the lock of a cluster on a majority of its lock hosts and keeps it until released. Throws `engine/locked` when
 * another run holds it, `engine/lock-hosts-unreachable` when too few hosts answer.
 */
export async function takeClusterLock(
  cluster: string,
  run: string,
  world: World,
  options: ClusterLockOptions,
  say: (text: string) => unknown,
): Promise<ClusterLock> {
  const locks = locksOf(cluster, run, world, options);
  const hosts = locks.map((lock) => lock.host);
  const majority = Math.floor(hosts.length / 2) + 1;
  const held: HostLock[] = [];
  const unreachable: Problem[] = [];
  // One host after the other and always in the same order: two runs at once meet on the first, and one of them goes on.
  for (const lock of locks) {
    const got = await acquireOn(lock);
    if (got.state === "unreachable") unreachable.push(got.problem);
    else if (got.state === "refused") {
      await releaseAll(held);
      throw new ProblemError(lockedProblem(cluster, lock.host, got.because));
    } else held.push(lock);
    if (got.state === "taken-over") say(`the cluster lock on ${lock.host} is taken over from ${got.from}`);
    if (got.state === "unreachable") say(`the cluster lock is not taken on ${lock.host}: ${got.problem.message}`);
  }
  if (held.length < majority) {
    await releaseAll(held);
    throw new ProblemError(unreachableProblem(cluster, held.length, majority, hosts, unreachable));
  }
  return keep(cluster, held, majority, world, options.ttlMs ?? defaultTtlMs);
}

/**
 * Removes what a run left that was killed after its last change, while it gave the lock back: nothing is to be done, so
 * nobody will take the lock. A lock of a run that may be alive is left alone, and so is a host that does not answer.
 */
export async function clearDeadLock(
  cluster: string,
  run: string,
  world: World,
  options: ClusterLockOptions,
): Promise<void> {
  await Promise.all(locksOf(cluster, run, world, options).map((lock) => attempt(() => lock.clearDead())));
}

function locksOf(cluster: string, run: string, world: World, options: ClusterLockOptions): HostLock[] {
  return options.hosts.slice(0, maxLockHosts).map(
    (host) =>
      new HostLock(world.hosts.session(host), {
        path: lockPath(cluster),
        cluster,
        run,
        owner: options.owner,
        ttlMs: options.ttlMs ?? defaultTtlMs,
        isGone: (one) => options.isGone(one),
        clock: world.clock,
      }),
  );
}

type AcquiredOrNot = Acquired | { readonly state: "unreachable"; readonly problem: Problem };

async function acquireOn(lock: HostLock): Promise<AcquiredOrNot> {
  try {
    return await lock.acquire();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    // The answer may have been lost after the lock was made: it would stay until it expires.
    await releaseAll([lock]);
    return { state: "unreachable", problem: error.problem };
  }
}

/** Renews in the background until released or lost. */
function keep(cluster: string, held: HostLock[], majority: number, world: World, ttlMs: number): ClusterLock {
  const lost = new AbortController();
  const released = new AbortController();
  const { clock } = world;
  const lastRenewed = new Map(held.map((lock) => [lock, clock.elapsedMs()]));
  const isKeptFor = (lock: HostLock, moreMs: number) =>
    clock.elapsedMs() + moreMs - (lastRenewed.get(lock) ?? 0) < ttlMs;
  const isKept = (lock: HostLock) => isKeptFor(lock, 0);
  const renewing = (async () => {
    for (;;) {
      await clock.sleep(ttlMs / 5, released.signal);
      if (released.signal.aborted) return;
      await Promise.all(
        held.map(async (lock) => {
          // Past its time it may be somebody else's already: too late to write.
          if (!isKept(lock)) return;
          const at = clock.elapsedMs();
          const renewed = await attempt(() => lock.renew());
          if (renewed === true) lastRenewed.set(lock, at);
          if (renewed === false) lastRenewed.set(lock, Number.NEGATIVE_INFINITY);
        }),
      );
      if (held.filter(isKept).length >= majority) continue;
      lost.abort(
        new ProblemError(
          lostProblem(
            cluster,
            held.filter((lock) => !isKept(lock)),
          ),
        ),
      );
      return;
    }
  })();
  renewing.catch((error: unknown) => lost.abort(error));
  return {
    lost: lost.signal,
    requireKept() {
      const due = held.filter((lock) => !isKeptFor(lock, Math.min(marginMs, ttlMs / 10)));
      if (held.length - due.length < majority) throw new ProblemError(lostProblem(cluster, due));
    },
    async release() {
      released.abort();
      return await releaseWithin(clock, held);
    },
  };
}

/** The value, or the problem of a host that does not answer. */
async function attempt<T>(work: () => Promise<T>): Promise<T | Problem> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
}

async function releaseAll(locks: readonly HostLock[]): Promise<Problem[]> {
  const ended = await Promise.all(locks.map(async (lock) => ({ lock, problem: await attempt(() => lock.release()) })));
  return ended.flatMap(({ lock, problem }) => (problem === undefined ? [] : [leftProblem(lock.host, problem.message)]));
}

/** A host that hangs must not keep a run from ending. */
async function releaseWithin(clock: Clock, locks: readonly HostLock[]): Promise<Problem[]> {
  const open = new Set(locks);
  const over = new AbortController();
  const ended = locks.map(async (lock) => {
    const problems = await releaseAll([lock]);
    open.delete(lock);
    return problems;
  });
  const late = clock.sleep(releaseWithinMs, over.signal);
  const all = await Promise.race([Promise.all(ended), late.then(() => undefined)]);
  over.abort();
  if (all !== undefined) return all.flat();
  return [...open].map((lock) => leftProblem(lock.host, `no answer within ${releaseWithinMs / 1000} s`));
}

function lockedProblem(cluster: string, host: HostName, because: string): Problem {
  return {
    code: "engine/locked",
    severity: "error",
    message: `cluster ${cluster}: another run is changing it`,
    because,
    hint: {
      text: "wait for that run to end; a run that died gives the lock up when it expires. Which runs there are",
      command: "slipway runs list",
    },
    where: { host },
  };
}

function unreachableProblem(
  cluster: string,
  held: number,
  majority: number,
  hosts: readonly HostName[],
  problems: readonly Problem[],
): Problem {
  const reasons = problems.map((one) => one.message).join("; ");
  return {
    code: "engine/lock-hosts-unreachable",
    severity: "error",
    message: `cluster ${cluster}: the cluster lock cannot be taken`,
    because: `${held} of ${hosts.length} lock hosts (${hosts.join(", ")}) answer, ${majority} are needed: ${reasons}`,
    hint: { text: "bring these hosts back, then run the same command again" },
  };
}

function lostProblem(cluster: string, locks: readonly HostLock[]): Problem {
  return {
    code: "engine/lock-lost",
    severity: "error",
    message: `cluster ${cluster}: the cluster lock could not be kept`,
    because: `it could not be renewed on ${locks.map((lock) => lock.host).join(", ")}, or another run has taken it over`,
    hint: { text: "see that no other run is under way, then run the same command again", command: "slipway runs list" },
  };
}

function leftProblem(host: HostName, because: string): Problem {
  return {
    code: "engine/lock-left",
    severity: "warning",
    message: `${host}: the cluster lock could not be given back`,
    because: `${because}; it expires by itself`,
    where: { host },
  };
}
