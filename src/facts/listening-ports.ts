import type { Fact } from "./fact.ts";
import { isCommandMissing, notUnderstood, outputOf } from "./not-understood.ts";

/** A TCP port somebody listens on. */
export interface ListeningPort {
  /** "0.0.0.0", "[::]", "*", "127.0.0.1", with "%interface" when it is bound to one: as ss prints it. */
  readonly address: string;
  readonly port: number;
  /** Names of the programs that hold it; empty when the kernel does not tell (another namespace, or not root). */
  readonly programs: readonly string[];
}

const argv = ["ss", "-Hltnp"] as const;
const asked = argv.join(" ");

/** Every TCP port a host listens on, with its holder. Undefined when ss (package iproute2) is not installed. */
export const listeningPorts: Fact<readonly ListeningPort[] | undefined> = {
  name: "listening-ports",
  reads: [{ kind: "run", argv }],
  parse: ([answer]) => {
    if (isCommandMissing(answer)) return undefined;
    const lines = outputOf("listening-ports", asked, answer).split("\n");
    return lines
      .filter((line) => line.trim() !== "")
      .map((line) => {
        const found = /^LISTEN\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+(.*)$/.exec(line);
        if (found === null) throw notUnderstood("listening-ports", asked, answer, `line "${line}" is no listener`);
        const [, address = "", port, rest = ""] = found;
        const programs = [...rest.matchAll(/\("([^"]+)",pid=/g)].map((one) => one[1] ?? "");
        return { address, port: Number(port), programs: [...new Set(programs)] };
      });
  },
};
