import { etcdHosts } from "../../cluster/etcd-places.ts";
import type { ClusterStep } from "../../engine/step.ts";
import { etcdData } from "../../facts/etcd-data.ts";
import { Secret } from "../../hosts/secret.ts";
import { createAuthority } from "../../pki/certificate-authority.ts";
import type { Problem } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { readEtcdAuthority } from "./etcd-authority.ts";
import { etcdAuthority, etcdAuthorityStepId } from "./etcd-layout.ts";
import { otherAuthority } from "./other-authority.ts";

/**
 * Makes etcd's own certificate authority, once. Where hosts have etcd data already and the vault has no authority, a new
 * one could not talk to the old cluster, so that is refused as `etcd/authority-missing`; so is an authority in the vault
 * that the living members do not know, as `etcd/authority-foreign`.
 */
export function etcdCaStep(spec: ClusterSpec): ClusterStep<true> {
  const hosts = etcdHosts(spec).map((host) => host.name);
  return {
    id: etcdAuthorityStepId,
    title: "Make the certificate authority of etcd",
    phase: "etcd",
    on: "cluster",
    after: [],
    impact: "none",
    async check(look) {
      const authority = await readEtcdAuthority(look);
      if (authority !== undefined) {
        const problem = await otherAuthority(look, spec, authority.certificate);
        return problem === undefined
          ? { state: "satisfied", because: "the vault has it" }
          : { state: "refused", problem };
      }
      const data = await Promise.all(hosts.map((host) => look.factOf(host, etcdData(spec.etcd.dataDir))));
      const withData = hosts.filter((_, index) => data[index] === "present");
      if (withData.length > 0) return { state: "refused", problem: authorityMissing(withData) };
      const what = `certificate authority ${etcdAuthority.certificate}`;
      return { state: "needed", found: true, changes: [{ verb: "create", what, to: "valid for ten years" }] };
    },
    async apply(act) {
      const made = await createAuthority(`${spec.name} etcd CA`, act.now());
      // The key last: an authority counts as made once it can sign.
      await act.vault.write(etcdAuthority.certificate, new Secret(made.certificate));
      await act.vault.write(etcdAuthority.key, made.key);
    },
    verify: [
      {
        title: "etcd's certificate authority to be in the vault",
        everyMs: 1000,
        withinMs: 10_000,
        holds: async (look) =>
          (await readEtcdAuthority(look)) === undefined
            ? { state: "not-yet", because: "the vault does not have it" }
            : { state: "met" },
      },
    ],
  };
}

function authorityMissing(withData: readonly string[]): Problem {
  return {
    code: "etcd/authority-missing",
    severity: "error",
    message: "etcd's certificates cannot be made",
    because: `the state folder has no etcd certificate authority, and ${withData.join(", ")} ${withData.length === 1 ? "has" : "have"} etcd data that belongs to one`,
    hint: {
      text: "Run Slipway with the state folder the cluster was made with; if the data is not needed, move it away on those hosts",
    },
  };
}
