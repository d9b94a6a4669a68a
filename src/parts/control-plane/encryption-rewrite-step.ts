import type { KubeRequest } from "../../cluster/kube/kube-access.ts";
import { kubeAsk } from "../../cluster/kube/kube-ask.ts";
import { kubeSend } from "../../cluster/kube/kube-send.ts";
import type { Act, ClusterStep, Look, StepId } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { type StoredValue, storedValues } from "./encrypted-values.ts";
import { type EncryptionKey, readEncryptionKeys } from "./encryption-keys.ts";
import { encryptsWithNew, readKeyRotation } from "./key-rotation.ts";

/** How values begin that this key has encrypted. */
export function keyPrefix(key: EncryptionKey | undefined): string {
  return `k8s:enc:${key?.provider}:v1:${key?.name}:`;
}

/** Values in etcd that the first key has not encrypted. */
export async function valuesToRewrite(
  look: Pick<Look, "factOf">,
  spec: ClusterSpec,
  keys: readonly EncryptionKey[],
): Promise<readonly StoredValue[]> {
  const { encryption } = spec.kubernetes.apiServer;
  const resources = encryption.provider === "none" ? [] : encryption.resources;
  const prefix = keyPrefix(keys[0]);
  return (await storedValues(look, spec, resources)).filter((value) => !value.beginning.startsWith(prefix));
}

/** One curl process writes this many objects anew. */
const batchSize = 100;

/**
 * Has the API server write everything anew that the first key has not encrypted, and looks into etcd whether it did. A
 * patch that changes nothing is enough: the API server writes what it finds encrypted with another key than the first.
 * staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go of Kubernetes 1.36, GuaranteedUpdate: `stale`
 */
export function encryptionRewriteStep(
  spec: ClusterSpec,
  id: StepId,
  after: readonly StepId[],
  until: StepId,
): ClusterStep<true> {
  return {
    id,
    title: "Encrypt everything in etcd with the new key",
    phase: "encryption",
    on: "cluster",
    after,
    impact: "none",
    async check(look) {
      const rotation = await readKeyRotation(look);
      const { keys } = rotation;
      if (!encryptsWithNew(rotation)) return { state: "unknown", until, because: "the new key does not encrypt yet" };
      const left = await valuesToRewrite(look, spec, keys);
      if (left.length === 0) return { state: "satisfied", because: `everything begins with ${keyPrefix(keys[0])}` };
      const what = `${left.length} values in etcd`;
      return { state: "needed", found: true, changes: [{ verb: "update", what, to: `encrypted by ${keys[0]?.name}` }] };
    },
    async apply(act) {
      const left = await valuesToRewrite(act, spec, await readEncryptionKeys(act));
      const requests = await requestsFor(act, spec, left);
      for (let from = 0; from < requests.length; from += batchSize) {
        // 404 and 409: it has gone, or somebody has written it meanwhile.
        await kubeSend(act, spec, requests.slice(from, from + batchSize), [404, 409]);
      }
    },
    verify: [
      {
        title: "everything in etcd to be encrypted with the new key",
        everyMs: 2000,
        withinMs: 60_000,
        async holds(look) {
          const [first, ...rest] = await valuesToRewrite(look, spec, await readEncryptionKeys(look));
          if (first === undefined) return { state: "met" };
          return { state: "not-yet", because: `${first.key} and ${rest.length} others are not` };
        },
      },
    ],
  };
}

async function requestsFor(act: Act, spec: ClusterSpec, values: readonly StoredValue[]): Promise<KubeRequest[]> {
  const roots = new Map<string, string>();
  for (const resource of new Set(values.map((value) => value.resource))) {
    roots.set(resource, await apiRoot(act, spec, resource));
  }
  return values.map(({ key, resource }): KubeRequest => {
    const [name = ""] = resource.split(".");
    const parts = key
      .slice(key.indexOf(`/${name}/`) + name.length + 2)
      .split("/")
      .map(encodeURIComponent);
    const [namespace, object] = parts.length > 1 ? parts : [undefined, parts[0]];
    const inNamespace = namespace === undefined ? "" : `/namespaces/${namespace}`;
    return {
      method: "PATCH",
      path: `${roots.get(resource)}${inNamespace}/${name}/${object}`,
      contentType: "application/merge-patch+json",
      body: "{}",
      reply: "metadata",
    };
  });
}

/** "/api/v1", or of a group "/apis/GROUP/VERSION" in the version the API prefers. */
async function apiRoot(look: Pick<Look, "factOf">, spec: ClusterSpec, resource: string): Promise<string> {
  const group = resource.split(".").slice(1).join(".");
  if (group === "") return "/api/v1";
  const answer = await kubeAsk(look, spec, [{ method: "GET", path: `/apis/${group}` }]);
  const body = answer.state === "answers" ? answer.replies[0]?.body : undefined;
  const { preferredVersion } = (body ?? {}) as { readonly preferredVersion?: { readonly groupVersion?: string } };
  return `/apis/${preferredVersion?.groupVersion ?? `${group}/v1`}`;
}
