import { expect, test } from "vitest";
import { fakeHosts } from "../../../test/support/fake-hosts.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { ClusterStep } from "../../engine/step.ts";
import type { ClusterSpec, NamespaceSpec } from "../../spec/cluster-spec.ts";
import { resolvePlugin } from "../../spec/network-plugin.ts";
import { ciliumDnsSteps } from "./cilium-dns-step.ts";

const shop: NamespaceSpec = { name: "shop", labels: {}, podSecurity: "baseline", quota: {}, defaultDeny: true };
const cilium = resolvePlugin({ kind: "cilium" });

function specWith(nodeLocal: boolean, namespaces: readonly NamespaceSpec[] = [shop]): ClusterSpec {
  const own = sampleSpec();
  return {
    ...own,
    namespaces,
    addons: { ...own.addons, dns: { replicas: 2, nodeLocal } },
    network: { ...own.network, plugin: cilium },
  };
}

function world() {
  const kube = new FakeKube();
  kube.put({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  const plane = { files: kube.files, runs: [kube.run] };
  const hosts = fakeHosts({ hosts: { "cp-1": plane, "cp-2": plane, "cp-3": plane } });
  const policy = { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", name: "slipway-allow-node-dns" };
  return {
    policy: () => kube.get({ ...policy, namespace: "shop" })?.spec,
    converge: async (spec: ClusterSpec) => {
      for (const step of ciliumDnsSteps(spec) as ClusterStep[]) {
        const found = await step.check(lookAt(hosts, "cp-1"));
        if (found.state === "needed") await step.apply(actOn(hosts, "cp-1"), found.found);
      }
    },
  };
}

test("with Cilium a closed namespace may ask the node's DNS cache, which is the host to it", async () => {
  const { converge, policy } = world();
  await converge(specWith(true));
  expect(policy()).toEqual({
    endpointSelector: {},
    egress: [
      {
        toEntities: ["host"],
        toPorts: [
          {
            ports: [
              { port: "53", protocol: "UDP" },
              { port: "53", protocol: "TCP" },
            ],
          },
        ],
      },
    ],
  });
});

test("the way is closed when there is no cache, or the namespace is open", async () => {
  const { converge, policy } = world();
  await converge(specWith(true));
  await converge(specWith(false));
  expect(policy()).toBeUndefined();
  await converge(specWith(true));
  await converge(specWith(true, [{ ...shop, defaultDeny: false }]));
  expect(policy()).toBeUndefined();
});

test("with other plugins nothing of it is there", () => {
  expect(ciliumDnsSteps({ ...specWith(true), network: sampleSpec().network })).toEqual([]);
});
