import { createHash } from "node:crypto";
import type { ClusterSpec } from "./cluster-spec.ts";

/** SHA-256 in hex of what a spec says, whatever the order its fields were written in. Binds a saved plan to a spec. */
export function specDigest(spec: ClusterSpec): string {
  return createHash("sha256").update(JSON.stringify(spec, sortedKeys)).digest("hex");
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
