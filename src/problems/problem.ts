/** The part of the world a problem is about: the first half of its code. */
export type ProblemArea =
  | "usage"
  | "config"
  | "ssh"
  | "host"
  | "preflight"
  | "package"
  | "artifact"
  | "etcd"
  | "kubernetes"
  | "load-balancer"
  | "certificate"
  | "engine"
  | "plan"
  | "state"
  | "lab";

/** Stable, documented, searchable: "etcd/quorum-at-risk". Every code is listed in codes.ts. */
export type ProblemCode = `${ProblemArea}/${string}`;

/** What to do next. `command` is ready to paste. */
export interface Hint {
  readonly text: string;
  readonly command?: string;
}

/** A place in a file of the user's. Lines and columns count from 1; `length` is in characters. */
export interface SourceRange {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  /** The text of that line, for underlining. */
  readonly text?: string;
}

/** What ran and how it ended, with secrets already masked. */
export interface Evidence {
  readonly command: string;
  readonly exitCode: number | null;
  readonly durationMs?: number;
  readonly lastLines: readonly string[];
}

/**
 * What went wrong, as data, so that the terminal, the journal, the console and the as-run document print the same one.
 *
 * `message`: subject first (host, member, node), then what could not be done; present tense, one line, no full stop.
 * `because`: names and numbers that let a reader disagree: found, wanted, limit.
 */
export interface Problem {
  readonly code: ProblemCode;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly because?: string;
  readonly hint?: Hint;
  readonly where?: { readonly host?: string; readonly step?: string; readonly source?: SourceRange };
  readonly evidence?: Evidence;
}

/** Carries a Problem across layers. Anything else that is thrown is a bug of ours and is reported as one. */
export class ProblemError extends Error {
  readonly problems: readonly [Problem, ...Problem[]];

  constructor(problem: Problem | readonly [Problem, ...Problem[]], options?: { cause?: unknown }) {
    const problems = "code" in problem ? ([problem] as const) : problem;
    super(problems.map((one) => `${one.code}: ${one.message}`).join("\n"), options);
    this.name = "ProblemError";
    this.problems = problems;
  }

  /** The first and most important problem. */
  get problem(): Problem {
    return this.problems[0];
  }
}
