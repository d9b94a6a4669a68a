/** What a shell script can rely on. Never renumbered. */
export const exitCode = {
  /** Done, or nothing to do. */
  done: 0,
  /** A bug in Slipway. */
  bug: 1,
  /** Wrong usage, or an error in the cluster file. */
  usage: 2,
  /** Refused before anything was changed. */
  refused: 3,
  /** Stopped part-way: run the same command again to go on. */
  stopped: 4,
  /** Hosts could not be reached, and nothing was applied. */
  unreachable: 5,
  /** Applied, but not verified in time. */
  unverified: 6,
  /** Interrupted by the user. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
