import { describe, expect, test } from "vitest";
import { fakeHosts } from "../../../test/support/fake-hosts.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { Check, ClusterStep } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { addonsStepIds, addonsSteps } from "./addons-steps.ts";

const everything = { dns: { replicas: 2, nodeLocal: true }, metricsServer: true };

function world() {
  const kube = new FakeKube();
  const hosts = fakeHosts({ hosts: { "cp-1": { files: kube.files, runs: [kube.run] } } });
  const own = sampleSpec();
  const spec: ClusterSpec = {
    ...own,
    addons: everything,
    hosts: own.hosts.filter((host) => host.name === "cp-1" || host.roles.includes("worker")),
  };
  const steps = (declared: ClusterSpec) => addonsSteps(declared, { network: [], servingCertificates: [] });
  const converge = async (declared: ClusterSpec = spec) => {
    const seen: Record<string, Check> = {};
    for (const step of steps(declared) as ClusterStep[]) {
      const found = await step.check(lookAt(hosts, "cp-1"));
      if (found.state === "needed") await step.apply(actOn(hosts, "cp-1"), found.found);
      seen[step.id] = found;
    }
    return seen;
  };
  const deployment = (name: string) => ({ apiVersion: "apps/v1", kind: "Deployment", name, namespace: "kube-system" });
  return { kube, spec, converge, deployment };
}

function changesOf(check: Check | undefined): readonly string[] {
  return check?.state === "needed" ? check.changes.map((one) => `${one.verb} ${one.what}`) : [];
}

describe("the add-ons", () => {
  test("have one step each, and those are what others wait for", () => {
    const { spec } = world();
    const ids = addonsSteps(spec, { network: [], servingCertificates: [] }).map((step) => step.id);
    expect(ids).toEqual(addonsStepIds);
  });

  test("scale DNS back when somebody has scaled it by hand", async () => {
    const { kube, converge, deployment } = world();
    await converge();
    kube.edit(deployment("coredns"), (live) => ({ ...live, spec: { ...(live.spec as object), replicas: 7 } }));
    const { "addons.dns": found } = await converge();
    expect(changesOf(found)).toEqual(["update Deployment kube-system/coredns"]);
    expect(found?.state === "needed" && found.changes[0].diff).toMatch(/- {2}replicas: 7\n\+ {2}replicas: 2/);
  });

  test("bring back a deleted one", async () => {
    const { kube, converge, deployment } = world();
    await converge();
    const copy = kube.get(deployment("metrics-server"));
    kube.remove(deployment("metrics-server"));
    const { "addons.metrics-server": found } = await converge();
    expect(changesOf(found)).toEqual(["create Deployment kube-system/metrics-server"]);
    expect(kube.get(deployment("metrics-server"))?.spec).toEqual(copy?.spec);
  });

  test("disappear with everything of theirs when they are not declared any more", async () => {
    const { kube, spec, converge, deployment } = world();
    await converge();
    const seen = await converge({ ...spec, addons: { dns: { replicas: 2, nodeLocal: false }, metricsServer: false } });
    expect([...changesOf(seen["addons.node-local-dns"])].sort()).toEqual([
      "delete ConfigMap kube-system/node-local-dns",
      "delete DaemonSet kube-system/node-local-dns",
      "delete Service kube-system/node-local-dns",
      "delete ServiceAccount kube-system/node-local-dns",
    ]);
    expect(changesOf(seen["addons.metrics-server"])).toHaveLength(9);
    expect(kube.get(deployment("metrics-server"))).toBeUndefined();
    expect(kube.get(deployment("coredns"))).toBeDefined();
  });

  test("check kubelets' certificates", async () => {
    const { kube, converge, deployment } = world();
    await converge();
    const text = JSON.stringify(kube.get(deployment("metrics-server")));
    expect(text).toContain("--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
    expect(text).not.toContain("insecure-tls");
  });

  test("spread DNS by force only where there are more nodes than replicas", async () => {
    const { kube, spec, converge, deployment } = world();
    const hostname = () => {
      const text = JSON.stringify(kube.get(deployment("coredns")));
      return /"topologyKey":"kubernetes.io\/hostname","whenUnsatisfiable":"(\w+)"/.exec(text)?.[1];
    };
    await converge();
    expect(hostname()).toBe("DoNotSchedule");
    await converge({ ...spec, addons: { ...everything, dns: { replicas: 3, nodeLocal: true } } });
    expect(hostname()).toBe("ScheduleAnyway");
  });

  test("ask the host's resolver by UDP, whichever way they were asked themselves", async () => {
    const { kube, converge } = world();
    await converge();
    const map = kube.get({ apiVersion: "v1", kind: "ConfigMap", name: "coredns", namespace: "kube-system" });
    const corefile = (map?.data as Readonly<Record<string, string>> | undefined)?.Corefile ?? "";
    expect(corefile).toMatch(/forward \. \/etc\/resolv\.conf \{[^}]*prefer_udp/s);
  });

  test("cache names at the address kubelets give to pods, and pass the cluster's on", async () => {
    const { kube, converge } = world();
    await converge();
    const map = kube.get({ apiVersion: "v1", kind: "ConfigMap", name: "node-local-dns", namespace: "kube-system" });
    const corefile = (map?.data as Readonly<Record<string, string>> | undefined)?.Corefile ?? "";
    expect(corefile.match(/bind 169\.254\.20\.10/g)).toHaveLength(4);
    expect(corefile).toMatch(/cluster\.local:53 \{[^}]*\}[^}]*forward \. 10\.96\.0\.10 \{/s);
    expect(corefile).not.toContain("__PILLAR__");
  });
});
