/** One write of a client. Times in milliseconds since the epoch, by the clock of this computer. */
export interface Write {
  readonly startedAt: number;
  readonly endedAt: number;
  /** Tries that failed, in order. */
  readonly failures: readonly string[];
  /** The raft term it was acknowledged in; absent when it was given up. */
  readonly term?: number;
}

/** What a client noticed between two moments. */
export interface Loss {
  readonly writes: number;
  /** Given up: no member acknowledged it in time. */
  readonly failed: number;
  readonly failedTries: number;
  /** The longest stretch from one acknowledged write to the next. */
  readonly longestSilenceMs: number;
  /** From the start to the first acknowledged write in a later raft term; absent when nobody was elected. */
  readonly electedAfterMs?: number;
  /** Writes that were started after that, or anywhere when nobody was elected, and given up. */
  readonly failedAfterElection: number;
}

/** What writes that ended from `from` to `to` tell. */
export function lossIn(writes: readonly Write[], from: number, to: number): Loss {
  const own = writes.filter(({ endedAt }) => endedAt >= from && endedAt <= to).sort((a, b) => a.endedAt - b.endedAt);
  const acknowledged = own.filter(({ term }) => term !== undefined);
  const moments = [from, ...acknowledged.map(({ endedAt }) => endedAt), to];
  const gaps = moments.slice(1).map((moment, index) => moment - (moments[index] ?? moment));
  const [first] = acknowledged;
  const elected = acknowledged.find(({ term = 0 }) => term > (first?.term ?? 0));
  const failed = own.filter(({ term }) => term === undefined);
  return {
    writes: own.length,
    failed: failed.length,
    failedTries: own.reduce((sum, { failures }) => sum + failures.length, 0),
    longestSilenceMs: Math.max(...gaps),
    ...(elected !== undefined && { electedAfterMs: elected.endedAt - from }),
    failedAfterElection: failed.filter(({ startedAt }) => startedAt >= (elected?.endedAt ?? from)).length,
  };
}
