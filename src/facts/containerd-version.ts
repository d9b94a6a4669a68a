import type { Fact } from "./fact.ts";
import { isCommandMissing, notUnderstood, outputOf } from "./not-understood.ts";

/** A containerd version, as far as its configuration depends on it. */
export interface ContainerdVersion {
  /** "1.6.20", "2.1.9". */
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

const argv = ["containerd", "--version"];
const asked = argv.join(" ");

/** The containerd that is installed; undefined when none is. */
export const containerdVersion: Fact<ContainerdVersion | undefined> = {
  name: "containerd-version",
  reads: [{ kind: "run", argv }],
  parse([answer]) {
    if (isCommandMissing(answer)) return undefined;
    // containerd MODULE VERSION [REVISION]; distributions write suffixes behind the numbers.
    const third = outputOf("containerd-version", asked, answer).trim().split(/\s+/)[2] ?? "";
    const version = parseContainerdVersion(third);
    if (version === undefined) throw notUnderstood("containerd-version", asked, answer, "it has no version");
    return version;
  },
};

/** "v2.1.4", "1.6.20~ds1", "1.7.27-1" or a Debian version with epoch; undefined when it does not start with numbers. */
export function parseContainerdVersion(text: string): ContainerdVersion | undefined {
  const found = /^(?:\d+:)?v?((\d+)\.(\d+)(?:\.\d+)?)/.exec(text);
  if (found === null) return undefined;
  const [, numbers = "", major, minor] = found;
  return { text: numbers, major: Number(major), minor: Number(minor) };
}
