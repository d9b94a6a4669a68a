import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { fakeHosts } from "../../../test/support/fake-hosts.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { ClusterStep, StepId } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { resolvePlugin } from "../../spec/network-plugin.ts";
import { networkSteps } from "./network-steps.ts";

const cilium = resolvePlugin({ kind: "cilium", version: "1.20.0" });

/** What the chart renders with Hubble and without, by the kinds that matter. */
function rendered(withHubble: boolean): string {
  const named = (apiVersion: string, kind: string, name: string) => ({ apiVersion, kind, metadata: { name } });
  const ofHubble = [
    named("batch/v1", "CronJob", "hubble-generate-certs"),
    named("batch/v1", "Job", "hubble-generate-certs-1"),
    named("v1", "Service", "hubble-relay"),
  ];
  const documents = [named("v1", "ServiceAccount", "cilium"), ...(withHubble ? ofHubble : [])];
  return documents.map((one) => stringify(one)).join("---\n");
}

function world() {
  const kube = new FakeKube();
  const own = sampleSpec();
  const chart = "/opt/slipway/charts/cilium-1.20.0/chart.tgz";
  const hosts = fakeHosts({
    hosts: {
      "cp-1": {
        files: { ...kube.files, [chart]: "" },
        runs: [
          kube.run,
          {
            argv: ["/opt/slipway/helm/v4.2.3/helm", "template"],
            answer: ({ stdin }) => rendered(/"hubble":\{"enabled":true/.test(String(stdin))),
          },
        ],
      },
    },
  });
  const declare = (plugin: ClusterSpec["network"]["plugin"]): ClusterSpec => ({
    ...own,
    hosts: own.hosts.filter((host) => host.name === "cp-1"),
    network: { ...own.network, plugin },
  });
  const step = (plugin: ClusterSpec["network"]["plugin"], id: string) => {
    const found = networkSteps(declare(plugin), { joined: () => "joined" as StepId }).find((one) => one.id === id);
    if (found === undefined) throw new Error(`there is no ${id}`);
    return found as ClusterStep;
  };
  const converge = async (plugin: ClusterSpec["network"]["plugin"]) => {
    const own = step(plugin, "network.plugin");
    const found = await own.check(lookAt(hosts, "cp-1"));
    if (found.state === "needed") await own.apply(actOn(hosts, "cp-1"), found.found);
    return found.state === "needed" ? found.changes.map((one) => `${one.verb} ${one.what}`) : found;
  };
  return { kube, step, converge };
}

describe("Cilium", () => {
  test("loses what Hubble has brought when it is declared without", async () => {
    const { converge } = world();
    await converge(cilium);
    expect(await converge(resolvePlugin({ kind: "cilium", version: "1.20.0", hubble: false }))).toEqual([
      "delete CronJob kube-system/hubble-generate-certs",
      "delete Job kube-system/hubble-generate-certs-1",
      "delete Service kube-system/hubble-relay",
    ]);
  });

  test("takes kube-proxy's place only where it is the cluster's plugin", () => {
    const { step } = world();
    expect(step(cilium, "network.proxy").after).toEqual(["network.kind"]);
    expect(step(cilium, "network.plugin").after).toContain("network.kind");
  });
});
