import type { Answer, CommandResult, FileContent } from "../hosts/port.ts";
import { ProblemError } from "../problems/problem.ts";

/** How much of an answer is quoted in a problem. */
const quotedLines = 5;

/**
 * The error a fact's parser throws when a host's answer is not what the fact knows: `host/output-not-understood`, with
 * the head of the answer as evidence.
 */
export function notUnderstood(fact: string, asked: string, answer: Answer | undefined, because: string): ProblemError {
  return new ProblemError({
    code: "host/output-not-understood",
    severity: "error",
    message: `fact "${fact}" cannot be read from the answer to ${asked}`,
    because,
    evidence: {
      command: asked,
      exitCode: answer?.kind === "result" ? answer.exitCode : null,
      lastLines: quotedHead(answer),
    },
  });
}

/** Standard output of a command that must have ended with 0 (or one of `okExitCodes`). */
export function outputOf(
  fact: string,
  asked: string,
  answer: Answer | undefined,
  okExitCodes: readonly number[] = [0],
): string {
  const result = commandOf(fact, asked, answer);
  if (!okExitCodes.includes(result.exitCode)) {
    throw notUnderstood(fact, asked, answer, `it ended with exit code ${result.exitCode}`);
  }
  return result.stdout.toString("utf8");
}

/** The answer as the result of a command, whatever its exit code. */
export function commandOf(fact: string, asked: string, answer: Answer | undefined): CommandResult {
  if (answer?.kind !== "result") {
    throw notUnderstood(
      fact,
      asked,
      answer,
      `the answer is "${answer?.kind ?? "absent"}", not the result of a command`,
    );
  }
  return answer;
}

/** The text of a file, or undefined when there is none. Unreadable is an error: it is neither there nor missing. */
export function textOf(fact: string, path: string, answer: Answer | undefined): string | undefined {
  if (answer?.kind === "missing") return undefined;
  return fileOf(fact, path, answer).bytes.toString("utf8");
}

/**
 * The same where a file is only held against a wanted one: of one that is longer than was asked for, the beginning. It is
 * another one then, and not something nobody understands.
 */
export function beginningOf(fact: string, path: string, answer: Answer | undefined): string | undefined {
  if (answer?.kind === "content" && answer.truncated) return answer.bytes.toString("utf8");
  return textOf(fact, path, answer);
}

/** True when the command was not found on the host: an ordinary answer. */
export function isCommandMissing(answer: Answer | undefined): boolean {
  return answer?.kind === "result" && answer.exitCode === 127;
}

/** The parsed JSON of a command's output; text that is not JSON is not understood. */
export function jsonOf(fact: string, asked: string, answer: Answer | undefined): unknown {
  const text = outputOf(fact, asked, answer);
  try {
    return text.trim() === "" ? [] : JSON.parse(text);
  } catch (cause) {
    const problem = notUnderstood(fact, asked, answer, "the output is not JSON");
    throw new ProblemError(problem.problem, { cause });
  }
}

function fileOf(fact: string, path: string, answer: Answer | undefined): FileContent {
  if (answer?.kind === "content" && !answer.truncated) return answer;
  if (answer?.kind === "content") throw notUnderstood(fact, path, answer, "the file is longer than was read");
  const because = answer?.kind === "unreadable" ? answer.because : `the answer is "${answer?.kind ?? "absent"}"`;
  throw notUnderstood(fact, path, answer, because);
}

function quotedHead(answer: Answer | undefined): readonly string[] {
  if (answer?.kind === "content") return headOf(answer.bytes);
  if (answer?.kind === "result") return headOf(answer.stdout.length > 0 ? answer.stdout : answer.stderr);
  return answer?.kind === "unreadable" ? [answer.because] : [];
}

function headOf(bytes: Buffer): readonly string[] {
  const lines = bytes.subarray(0, 2000).toString("utf8").split("\n");
  return lines.filter((line) => line.trim() !== "").slice(0, quotedLines);
}
