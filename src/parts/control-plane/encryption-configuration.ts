import { Secret } from "../../hosts/secret.ts";
import type { ApiServerSpec } from "../../spec/kubernetes-spec.ts";
import { kubernetesYaml } from "../kubernetes-yaml.ts";
import type { EncryptionKey } from "./encryption-keys.ts";

type Provider = Readonly<Record<string, unknown>>;

/** What is written as it is, and what was written before encryption was on. Always among the providers. */
const identity: Provider = { identity: {} };

/** How long the API server waits for the plugin, and keeps a decrypted key. */
const kmsTimeout = "3s";

/**
 * How the API server keeps resources in etcd: the first provider writes, all of them read. Undefined where nothing ever
 * was encrypted. Keys stay readable after encryption was turned off, until they are rotated away.
 * https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/ (2026-11-21)
 */
export function encryptionConfiguration(
  encryption: ApiServerSpec["encryption"],
  keys: readonly EncryptionKey[],
): Secret | undefined {
  if (encryption.provider === "none" && keys.length === 0) return undefined;
  const resources = encryption.provider === "none" ? ["secrets"] : encryption.resources;
  return new Secret(
    kubernetesYaml({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "EncryptionConfiguration",
      resources: [{ resources: [...resources], providers: providersOf(encryption, keys) }],
    }),
  );
}

function providersOf(encryption: ApiServerSpec["encryption"], keys: readonly EncryptionKey[]): readonly Provider[] {
  const ofKeys = groupsOf(keys).map(
    ([provider, group]): Provider => ({
      [provider]: { keys: group.map((key) => ({ name: key.name, secret: key.secret.reveal().toString("utf8") })) },
    }),
  );
  if (encryption.provider === "none") return [identity, ...ofKeys];
  if (encryption.provider !== "kms") return [...ofKeys, identity];
  const { name, endpoint } = encryption;
  return [{ kms: { apiVersion: "v2", name, endpoint, timeout: kmsTimeout } }, ...ofKeys, identity];
}

/** Neighbours of one provider share an entry: its first key writes. */
function groupsOf(keys: readonly EncryptionKey[]): readonly (readonly [string, readonly EncryptionKey[]])[] {
  const groups: [string, EncryptionKey[]][] = [];
  for (const key of keys) {
    const last = groups.at(-1);
    if (last?.[0] === key.provider) last[1].push(key);
    else groups.push([key.provider, [key]]);
  }
  return groups;
}
