import { hostValueKinds } from "./host-value-kinds.ts";
import { kubernetesValueKinds } from "./kubernetes-value-kinds.ts";
import { networkValueKinds } from "./network-value-kinds.ts";
import { softwareValueKinds } from "./software-value-kinds.ts";
import type { ValueKind } from "./value-kind.ts";

/** Every kind of text of the cluster file. */
export const valueKinds = {
  ...networkValueKinds,
  ...hostValueKinds,
  ...softwareValueKinds,
  ...kubernetesValueKinds,
  clusterName: {
    what: "a cluster name",
    rule: "1 to 40 lower-case letters, digits and '-', starting with a letter and ending with a letter or digit",
    example: "production",
    maxLength: 40,
    pattern: /^[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?$/,
  },
  quantity: {
    what: "a size",
    rule: "a whole number of bytes, or one with Ki, Mi or Gi",
    example: "8Gi",
    maxLength: 20,
    pattern: /^[1-9][0-9]{0,15}(?:Ki|Mi|Gi)?$/,
  },
  compactionRetention: {
    what: "a retention",
    rule: "a duration such as 8h, 30m (mode periodic), or a number of revisions in quotes (mode revision)",
    example: "8h",
    maxLength: 12,
    pattern: /^[1-9][0-9]{0,9}[hms]?$/,
  },
  plainName: {
    what: "a name",
    rule: "1 to 63 lower-case letters, digits and '-', starting and ending with a letter or digit",
    example: "zone-a",
    maxLength: 63,
    pattern: /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/,
  },
  checkName: {
    what: "the name of a preflight check",
    rule: "lower-case letters, digits and '-', as printed in brackets by preflight",
    example: "etcd-fsync",
    maxLength: 63,
    pattern: /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/,
  },
  reason: {
    what: "a reason",
    rule: "8 to 200 characters on one line, without control or invisible characters",
    example: "shared disk of the lab, accepted until June",
    maxLength: 200,
    pattern: /^[^\p{C}\p{Zl}\p{Zp}]*$/u,
    accepts: (text) => text.trim().length >= 8,
  },
} as const satisfies Readonly<Record<string, ValueKind>>;
