import type { Change, ClusterStep, Look, NonEmpty, Vault } from "../../engine/step.ts";
import { Secret } from "../../hosts/secret.ts";
import { createAuthority } from "../../pki/certificate-authority.ts";
import { createSigningKeyPair } from "../../pki/signing-key-pair.ts";
import type { Problem } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import { controlPlaneAuthorityStepId } from "./control-plane-layout.ts";
import { controlPlaneTraces } from "./control-plane-traces.ts";
import { encryptionKeysName, nextEncryptionKey, readEncryptionKeys, writeEncryptionKeys } from "./encryption-keys.ts";
import { foreignAuthority } from "./foreign-authority.ts";
import { kubernetesAuthorities, serviceAccountKey } from "./kubernetes-authorities.ts";

/**
 * Makes what a Kubernetes cluster rests on, once, in the vault: its authorities, the key of service account tokens, and
 * the first key Secrets are encrypted with. Where hosts already have a cluster made of others, new ones could not belong
 * to it, so that is refused as `kubernetes/authority-missing`.
 */
export function controlPlaneCaStep(spec: ClusterSpec): ClusterStep<readonly Making[]> {
  const hosts = controlPlaneHosts(spec).map((host) => host.name);
  return {
    id: controlPlaneAuthorityStepId,
    title: "Make the certificate authorities of Kubernetes",
    phase: "control-plane",
    on: "cluster",
    after: [],
    impact: "none",
    async check(look) {
      const missing = await whatIsMissing(look, spec);
      const [first, ...rest] = missing.map((one) => one.change);
      if (first === undefined) {
        const foreign = await foreignAuthority(look, spec);
        if (foreign !== undefined) return { state: "refused", problem: foreign };
        return { state: "satisfied", because: "the vault has them" };
      }
      const traces = await Promise.all(hosts.map((host) => look.factOf(host, controlPlaneTraces)));
      const withCluster = hosts.filter((_, index) => {
        const trace = traces[index];
        return missing.some((one) => (one.dependsOn === "cluster" ? trace?.authority : trace?.encryption) === true);
      });
      if (withCluster.length > 0) return { state: "refused", problem: authorityMissing(withCluster, missing) };
      return { state: "needed", found: missing, changes: [first, ...rest] as NonEmpty<Change> };
    },
    async apply(act, missing) {
      for (const one of missing) await one.make(act.vault, act.now());
    },
    verify: [
      {
        title: "the authorities of Kubernetes to be in the vault",
        everyMs: 1000,
        withinMs: 10_000,
        async holds(look) {
          const [missing] = await whatIsMissing(look, spec);
          return missing === undefined
            ? { state: "met" }
            : { state: "not-yet", because: `the vault does not have the ${missing.change.what}` };
        },
      },
    ],
  };
}

/** Something the vault does not have, and how it is made. The private key is written last: with it, it counts as made. */
interface Making {
  readonly change: Change;
  /** What on a host says that there was another one before. */
  readonly dependsOn: "cluster" | "encryption";
  make(vault: Vault, now: Date): Promise<void>;
}

async function whatIsMissing(look: Pick<Look, "vault">, spec: ClusterSpec): Promise<readonly Making[]> {
  const has = async (names: readonly string[]) =>
    (await Promise.all(names.map((name) => look.vault.read(name)))).every((value) => value !== undefined);
  const missing: Making[] = [];
  for (const one of kubernetesAuthorities(spec)) {
    if (await has([one.certificate, one.key])) continue;
    missing.push({
      change: { verb: "create", what: `certificate authority ${one.certificate}`, to: "valid for ten years" },
      dependsOn: "cluster",
      async make(vault, now) {
        const made = await createAuthority(`${spec.name} ${one.title}`, now);
        await vault.write(one.certificate, new Secret(made.certificate));
        await vault.write(one.key, made.key);
      },
    });
  }
  if (!(await has([serviceAccountKey.key, serviceAccountKey.publicKey]))) {
    missing.push({
      change: { verb: "create", what: `key ${serviceAccountKey.key}`, to: "for signing service account tokens" },
      dependsOn: "cluster",
      async make(vault) {
        const made = await createSigningKeyPair();
        await vault.write(serviceAccountKey.publicKey, new Secret(made.publicKey));
        await vault.write(serviceAccountKey.key, made.key);
      },
    });
  }
  const { provider } = spec.kubernetes.apiServer.encryption;
  if ((provider === "secretbox" || provider === "aesgcm") && (await readEncryptionKeys(look)).length === 0) {
    missing.push({
      change: { verb: "create", what: `key ${encryptionKeysName}`, to: `for encrypting Secrets in etcd (${provider})` },
      dependsOn: "encryption",
      make: (vault) => writeEncryptionKeys(vault, [nextEncryptionKey([], provider)]),
    });
  }
  return missing;
}

function authorityMissing(withCluster: readonly string[], missing: readonly Making[]): Problem {
  const has = withCluster.length === 1 ? "has" : "have";
  return {
    code: "kubernetes/authority-missing",
    severity: "error",
    message: "the authorities of Kubernetes cannot be made",
    because: `the state folder has no ${missing.map((one) => one.change.what).join(", no ")}, and ${withCluster.join(", ")} ${has} a control plane that was made with another`,
    hint: {
      text: "Run Slipway with the state folder the cluster was made with; if the cluster is not needed, run `kubeadm reset` on those hosts",
    },
  };
}
