import type { Fact } from "./fact.ts";
import { fileAmong, linesOfFiles } from "./lines-of-files.ts";
import { notUnderstood, textOf } from "./not-understood.ts";

/** What root may do on a host. A container is often refused some of it. */
export interface Capabilities {
  /** CAP_SYS_TIME: the clock may be set. */
  readonly setsClock: boolean;
  /** CAP_SYS_RESOURCE: limits may be raised and oom_score_adj lowered. */
  readonly raisesLimits: boolean;
}

const path = "/proc/1/status";
// Bit numbers: linux/capability.h.
const sysResource = 24n;
const sysTime = 25n;

/** The bounding set of the host's first process: more than that nobody on the host can have. */
export const capabilities: Fact<Capabilities> = {
  name: "capabilities",
  reads: [linesOfFiles([path])],
  parse([answers]) {
    const answer = fileAmong("capabilities", path, answers);
    const found = /^CapBnd:\s*([0-9a-fA-F]{1,16})$/m.exec(textOf("capabilities", path, answer) ?? "");
    if (found === null) throw notUnderstood("capabilities", path, answer, "it has no CapBnd line");
    const bits = BigInt(`0x${found[1]}`);
    const has = (bit: bigint) => ((bits >> bit) & 1n) === 1n;
    return { setsClock: has(sysTime), raisesLimits: has(sysResource) };
  },
};
