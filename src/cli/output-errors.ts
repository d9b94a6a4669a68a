import type { Problem } from "../problems/problem.ts";

/** Tells what became of the output, see `watchOutput`. */
export interface WatchedOutput {
  /** Why standard output is not all there; undefined when it is, and when its reader has left. */
  lost(): Problem | undefined;
}

/**
 * Keeps a run going that nobody reads any more: a pager that was left, a full disk, a terminal that is gone. What was done
 * is in the journal; to stop half-way because it cannot be told would be worse.
 */
export function watchOutput(): WatchedOutput {
  let first: NodeJS.ErrnoException | undefined;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") first ??= error;
  });
  // Nothing is left to say it on.
  process.stderr.on("error", () => undefined);
  return {
    lost: () =>
      first && {
        code: "usage/output-lost",
        severity: "error",
        message: "what was printed is not all there",
        because: `standard output cannot be written: ${first.message}`,
        hint: {
          text: "make room or print to somewhere else; what a run did is kept too",
          command: "slipway runs show",
        },
      },
  };
}
