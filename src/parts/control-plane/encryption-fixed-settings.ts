import type { HostLook } from "../../engine/step.ts";
import type { Fact } from "../../facts/fact.ts";
import { outputOf } from "../../facts/not-understood.ts";
import type { HostName } from "../../hosts/port.ts";
import type { Problem } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { encryptionPath } from "./control-plane-layout.ts";

/** What the API server of a host was told to encrypt, and whether a plugin does it. */
export interface EncryptionInUse {
  /** Empty where nothing is encrypted. */
  readonly resources: readonly string[];
  /** Name of the KMS plugin, which is part of every value it has encrypted. */
  readonly kms?: string;
}

// Whole lines of these forms only: none of them can hold a key.
const argv = ["grep", "-E", '^ +- "?[a-z0-9.*-]+"?$|^ +- kms:$|^ +name: [A-Za-z0-9._-]+$', "--", encryptionPath];

/** Asks a host for it without its keys: they stay there. */
export const encryptionInUse: Fact<EncryptionInUse> = {
  name: "encryption-in-use",
  reads: [{ kind: "run", argv }],
  parse([answer]) {
    // 1: no such line. 2: no such file, where nothing was encrypted yet.
    const lines = outputOf("encryption-in-use", argv.join(" "), answer, [0, 1, 2]).split("\n");
    const kms = lines.findIndex((line) => /^ +- kms:$/.test(line));
    const name = kms < 0 ? undefined : /^ +name: (\S+)$/.exec(lines[kms + 1] ?? "")?.[1];
    return {
      resources: lines.flatMap((line) => /^ +- "?([a-z0-9.*-]+)"?$/.exec(line)?.[1] ?? []),
      ...(name === undefined ? {} : { kms: name }),
    };
  },
};

/**
 * Why the API server of a host must not be given what the cluster file says of encryption: values that are in etcd could not
 * be read any more, by all of them or by those that have not loaded it yet.
 */
export async function encryptionNarrowed(
  look: Pick<HostLook, "fact">,
  spec: ClusterSpec,
  host: HostName,
): Promise<Problem | undefined> {
  const { encryption } = spec.kubernetes.apiServer;
  const { resources, kms } = await look.fact(encryptionInUse);
  // Switched off altogether: the control plane's fixed settings say so.
  if (encryption.provider === "none" || resources.length === 0) return undefined;
  const wanted = encryption.provider === "kms" ? encryption.name : undefined;
  if (kms !== wanted) {
    const called = (name: string | undefined) => (name === undefined ? "keys of Slipway's" : `the KMS plugin ${name}`);
    return fixed(host, {
      message: `kubernetes.apiServer.encryption cannot change from ${called(kms)} to ${called(wanted)}`,
      because: "API servers that have not loaded it yet could not read what the others write meanwhile",
      hint: "Set provider and name back in the cluster file",
    });
  }
  const lost = resources.filter((one) => !encryption.resources.some((kept) => covers(kept, one)));
  if (lost.length === 0) return undefined;
  return fixed(host, {
    message: `kubernetes.apiServer.encryption.resources cannot lose ${lost.join(", ")}`,
    because: "what is encrypted in etcd of it could not be read any more",
    hint: `Add ${lost.join(", ")} to the list again`,
  });
}

/** "*." stands for the resources of the core group, "*.GROUP" for those of a group, "*.*" for all. */
function covers(kept: string, one: string): boolean {
  if (kept === one || kept === "*.*") return true;
  const [, ...group] = one.split(".");
  return kept === `*.${group.join(".")}`;
}

function fixed(
  host: HostName,
  { message, because, hint }: { readonly message: string; readonly because: string; readonly hint: string },
): Problem {
  return {
    code: "kubernetes/fixed-setting-changed",
    severity: "error",
    message,
    because: `the API server of ${host} has it, and ${because}`,
    hint: { text: hint },
    where: { host },
  };
}
