import type { Fact } from "./fact.ts";
import { isCommandMissing, notUnderstood, outputOf } from "./not-understood.ts";

const argv = ["etcd", "--version"];
const asked = argv.join(" ");

/** The version of the etcd a host's packages have brought ("3.4.23"); undefined when none is installed. */
export const etcdVersion: Fact<string | undefined> = {
  name: "etcd-version",
  reads: [{ kind: "run", argv }],
  parse([answer]) {
    if (isCommandMissing(answer)) return undefined;
    const version = /^etcd Version: (\S+)$/m.exec(outputOf("etcd-version", asked, answer))?.[1];
    if (version === undefined) throw notUnderstood("etcd-version", asked, answer, "it has no version");
    return version;
  },
};
