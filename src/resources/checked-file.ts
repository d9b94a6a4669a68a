import type { HostAct } from "../engine/step.ts";
import { ProblemError } from "../problems/problem.ts";
import { absent } from "./absent.ts";
import { type FileDeclaration, file } from "./file.ts";
import type { Resource } from "./resource.ts";

/** A configuration file its own program has to accept before it takes the place of the one in use. */
export interface CheckedFileDeclaration extends FileDeclaration {
  readonly content: string;
  /** The command that exits with 0 when the file at this path is good. */
  check(candidatePath: string): readonly string[];
  /** What is checked instead, where the program's checker cannot take the content itself. */
  readonly checkedContent?: string;
}

/** A checked file, as resources in the order they are made. */
export interface CheckedFile {
  /** The absence of a candidate that an interrupted run left behind. */
  readonly noCandidate: Resource;
  readonly file: Resource;
}

/**
 * The file, and the absence of a candidate that an interrupted run left behind. A content the program refuses fails
 * with the program's own words as evidence, and changes nothing.
 */
export function checkedFile(declared: CheckedFileDeclaration): CheckedFile {
  const candidate = `${declared.path}.candidate`;
  const plain = file(declared);
  const checked: Resource = {
    key: plain.key,
    reads: plain.reads,
    compare(answers, changed) {
      const comparison = plain.compare(answers, changed);
      if (comparison.state !== "different" || typeof comparison.make === "function") return comparison;
      const make = comparison.make;
      if (make.every((change) => change.kind !== "write")) return comparison;
      return {
        ...comparison,
        make: async (act) => {
          const content = declared.checkedContent ?? declared.content;
          await act.change({ kind: "write", path: candidate, content, mode: 0o600 });
          await judge(act, declared, candidate);
          for (const change of make) await act.change(change);
        },
      };
    },
  };
  return { noCandidate: absent(candidate), file: checked };
}

async function judge(act: HostAct, declared: CheckedFileDeclaration, candidate: string): Promise<void> {
  try {
    await act.change({ kind: "run", argv: declared.check(candidate) });
  } catch (cause) {
    if (!(cause instanceof ProblemError) || cause.problem.code.startsWith("ssh/")) throw cause;
    throw new ProblemError(
      {
        ...cause.problem,
        code: "host/configuration-refused",
        message: `${declared.path} is refused by the program that reads it; the one in use was left as it is`,
      },
      { cause },
    );
  } finally {
    await act.change({ kind: "remove", path: candidate });
  }
}
