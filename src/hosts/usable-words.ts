import { type Problem, ProblemError } from "../problems/problem.ts";
import { showWords } from "./quote.ts";

/** Throws `host/path-not-usable` unless a path can be handed to a host: absolute, and expressible as a C string. */
export function requirePath(host: string, path: string): void {
  const because = !path.startsWith("/")
    ? "it is not absolute"
    : path.includes("\0")
      ? "it contains a NUL character"
      : path.isWellFormed()
        ? undefined
        : "it contains half of a surrogate pair";
  if (because !== undefined) throw new ProblemError(notUsable(host, "host/path-not-usable", "path", path, because));
}

/** Throws `host/command-not-usable` unless an argv can be handed to a host. */
export function requireArgv(host: string, argv: readonly string[]): void {
  const [program] = argv;
  const because =
    program === undefined || program === ""
      ? "it names no program"
      : program.startsWith("-")
        ? "its first word starts with a dash, which a shell reads as an option"
        : argv.some((word) => word.includes("\0"))
          ? "it contains a NUL character"
          : argv.every((word) => word.isWellFormed())
            ? undefined
            : "it contains half of a surrogate pair";
  if (because === undefined) return;
  throw new ProblemError(notUsable(host, "host/command-not-usable", "command", showWords(argv), because));
}

function notUsable(host: string, code: Problem["code"], what: string, value: string, because: string): Problem {
  return {
    code,
    severity: "error",
    message: `${host}: the ${what} ${JSON.stringify(value)} cannot be used`,
    because,
    where: { host },
  };
}
