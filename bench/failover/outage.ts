/** One question to the virtual IP. Times in milliseconds since the epoch, by the clock of this computer. */
export interface Probe {
  readonly startedAt: number;
  readonly endedAt: number;
  /** Absent: answered 200. */
  readonly failure?: string;
}

/** What a client noticed between two moments. */
export interface Outage {
  readonly probes: number;
  readonly failed: number;
  /** The longest stretch from one answer to the next; with nothing wrong, the time between two probes. */
  readonly longestSilenceMs: number;
}

/** What probes that were started from `from` to `to` tell. */
export function outageIn(probes: readonly Probe[], from: number, to: number): Outage {
  const own = probes.filter(({ startedAt }) => startedAt >= from && startedAt <= to);
  const answers = own.flatMap((one) => (one.failure === undefined ? [one.endedAt] : [])).sort((a, b) => a - b);
  const moments = [from, ...answers, Math.max(to, answers.at(-1) ?? to)];
  const gaps = moments.slice(1).map((moment, index) => moment - (moments[index] ?? moment));
  return { probes: own.length, failed: own.length - answers.length, longestSilenceMs: Math.max(...gaps) };
}
