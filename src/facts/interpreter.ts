import type { Fact } from "./fact.ts";
import { commandOf } from "./not-understood.ts";

/** A program that can run a measurement on a bare host. */
export interface Interpreter {
  readonly language: "perl" | "python";
  /** How it is called there. */
  readonly command: string;
}

/**
 * In order of preference. Debian and Ubuntu always have perl (perl-base is essential); the RHEL family always has the
 * Python that dnf is written in, which in version 8 has its own name.
 */
const candidates: readonly Interpreter[] = [
  { language: "perl", command: "perl" },
  { language: "python", command: "python3" },
  { language: "python", command: "/usr/libexec/platform-python" },
];

/** Perl needs these for measuring; they are in Debian's perl-base, but not in every minimal perl. */
const perlNeeds = ["-MSocket", "-MPOSIX", "-MIO::Handle", "-e", "exit 0"];
const pythonNeeds = ["-c", "import os, select, socket, time"];

/** Which interpreter a host has for measurements; undefined when it has neither Perl nor Python. */
export const interpreter: Fact<Interpreter | undefined> = {
  name: "interpreter",
  reads: candidates.map(({ language, command }) => ({
    kind: "run",
    argv: [command, ...(language === "perl" ? perlNeeds : pythonNeeds)],
    timeoutMs: 10_000,
  })),
  parse: (answers) =>
    candidates.find(({ command }, at) => commandOf("interpreter", command, answers[at]).exitCode === 0),
};
