import type { Change } from "../../engine/step.ts";
import type { Read } from "../../hosts/port.ts";
import type { Resource } from "../../resources/resource.ts";
import { masqueradeFamily, masqueradeRule, masqueradeTable } from "./bridge-files.ts";
import { podMasqueradePath } from "./network-layout.ts";

/** The rule of `podMasqueradeFile` as the kernel has it. */
export function podMasquerade(podRange: string, podCidr: string): Resource {
  const family = masqueradeFamily(podCidr);
  const key = `nftables table ${family} ${masqueradeTable}`;
  const read: Read = { kind: "run", argv: ["nft", "list", "table", family, masqueradeTable] };
  const rule = masqueradeRule(podRange, podCidr);
  return {
    key,
    reads: [read],
    compare(answers) {
      const answer = answers.of(read);
      const isThere = answer.kind === "result" && answer.exitCode === 0;
      const rules = isThere
        ? answer.stdout
            .toString("utf8")
            .split("\n")
            .map((line) => line.trim())
        : [];
      if (rules.includes(rule)) return { state: "same" };
      const change: Change = { verb: isThere ? "update" : "create", what: key, to: rule };
      return {
        state: "different",
        changes: [change],
        make: [{ kind: "run", argv: ["nft", "-f", podMasqueradePath] }],
      };
    },
  };
}
