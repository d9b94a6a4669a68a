import type { Answer, FileStat, Missing } from "../hosts/port.ts";
import { ProblemError } from "../problems/problem.ts";

/** The answer to a `stat` read. Throws `host/unreadable` when the path can neither be seen nor be ruled out. */
export function pathStat(path: string, answer: Answer | undefined): FileStat | Missing {
  if (answer?.kind === "stat" || answer?.kind === "missing") return answer;
  throw unreadable(
    path,
    answer?.kind === "unreadable" ? answer.because : `the answer is "${answer?.kind ?? "absent"}"`,
  );
}

/** `host/unreadable`: a path that can neither be read nor be said to be missing. */
export function unreadable(path: string, because: string): ProblemError {
  return new ProblemError({
    code: "host/unreadable",
    severity: "error",
    message: `${path} cannot be read`,
    because,
    hint: { text: "Look at the path on the host", command: `ls -ld ${path}` },
  });
}
