import type { Fact } from "./fact.ts";
import { notUnderstood, outputOf } from "./not-understood.ts";

/** The running kernel. */
export interface Kernel {
  /** "6.1.0-28-amd64". */
  readonly release: string;
  readonly major: number;
  readonly minor: number;
  /** As uname says: "x86_64", "aarch64". */
  readonly architecture: string;
}

const asked = "uname -r -m";

/** Which kernel a host runs, and on what processor architecture. */
export const kernel: Fact<Kernel> = {
  name: "kernel",
  reads: [{ kind: "run", argv: ["uname", "-r", "-m"] }],
  parse: ([answer]) => {
    const found = /^((\d+)\.(\d+)\S*) (\S+)$/.exec(outputOf("kernel", asked, answer).trim());
    if (found === null) throw notUnderstood("kernel", asked, answer, "it is not a release and an architecture");
    const [, release = "", major, minor, architecture = ""] = found;
    return { release, major: Number(major), minor: Number(minor), architecture };
  },
};
