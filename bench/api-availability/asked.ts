/** How a request reaches the API: on a connection of its own, or on one that is kept and has carried others. */
export const kinds = ["new", "http1", "http2"] as const;
export type Kind = (typeof kinds)[number];

/** One request of the client, with all its tries. Times in milliseconds since the epoch, by the clock of this computer. */
export interface Asked {
  readonly kind: Kind;
  readonly method: "GET" | "PATCH";
  readonly startedAt: number;
  readonly endedAt: number;
  /** Why it was tried again, each time. */
  readonly retries: readonly string[];
  /** Absent: answered 200. */
  readonly failure?: string;
}

/** What a client noticed between two moments, on connections of one kind. */
export interface Noticed {
  readonly kind: Kind;
  readonly requests: number;
  readonly failed: number;
  /** How often each failure occurred, by its text. */
  readonly failures: Readonly<Record<string, number>>;
  /** Requests that were answered after another try. */
  readonly retried: number;
  readonly retries: Readonly<Record<string, number>>;
  readonly medianMs: number;
  readonly longestMs: number;
  /** The longest stretch from one answer to the next. */
  readonly longestSilenceMs: number;
  /** From the first moment to the start of the last request that failed, was tried again or took over a second. */
  readonly disturbedMs: number;
}

const slowMs = 1000;

/** What the requests that were started from `from` to `to` tell. */
export function noticed(all: readonly Asked[], kind: Kind, from: number, to: number): Noticed {
  const own = all.filter((one) => one.kind === kind && one.startedAt >= from && one.startedAt <= to);
  const answered = own.filter((one) => one.failure === undefined);
  const ends = answered.map(({ endedAt }) => endedAt).sort((a, b) => a - b);
  const moments = [from, ...ends, Math.max(to, ends.at(-1) ?? to)];
  const durations = own.map(({ startedAt, endedAt }) => endedAt - startedAt).sort((a, b) => a - b);
  const disturbed = own.filter(
    ({ startedAt, endedAt, failure, retries }) =>
      failure !== undefined || retries.length > 0 || endedAt - startedAt > slowMs,
  );
  return {
    kind,
    requests: own.length,
    failed: own.length - answered.length,
    failures: counted(own.flatMap(({ method, failure }) => (failure === undefined ? [] : [`${method}: ${failure}`]))),
    retried: answered.filter(({ retries }) => retries.length > 0).length,
    retries: counted(own.flatMap(({ method, retries }) => retries.map((why) => `${method}: ${why}`))),
    medianMs: durations[Math.floor(durations.length / 2)] ?? 0,
    longestMs: durations.at(-1) ?? 0,
    longestSilenceMs: Math.max(...moments.slice(1).map((moment, index) => moment - (moments[index] ?? moment))),
    disturbedMs: Math.max(0, ...disturbed.map(({ startedAt }) => startedAt - from)),
  };
}

function counted(texts: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}
