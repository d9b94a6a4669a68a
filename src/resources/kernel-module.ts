import { kernelFeature } from "../facts/kernel-feature.ts";
import type { Comparison, Resource } from "./resource.ts";

/**
 * A kernel module, or the same feature built into the kernel: modprobe runs only when neither is there. Its loading at
 * boot is a `file` in /etc/modules-load.d.
 */
export function kernelModule(name: string): Resource {
  const key = `kernel module ${name}`;
  const feature = kernelFeature(name);
  const missing: Comparison = {
    state: "different",
    changes: [{ verb: "run", what: key, from: "absent", to: "loaded" }],
    make: [{ kind: "run", argv: ["modprobe", "--", name] }],
  };
  return {
    key,
    reads: feature.reads,
    compare: (answers) => (feature.parse(feature.reads.map((read) => answers.of(read))) ? same : missing),
  };
}

const same: Comparison = { state: "same" };
