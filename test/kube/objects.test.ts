import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kubeAsk } from "../../src/cluster/kube/kube-ask.ts";
import { kubeList } from "../../src/cluster/kube/kube-list.ts";
import { kubeSend } from "../../src/cluster/kube/kube-send.ts";
import type { Check, ClusterStep } from "../../src/engine/step.ts";
import { addonsSteps } from "../../src/parts/addons/addons-steps.ts";
import { controlPlaneAccessStep } from "../../src/parts/control-plane/control-plane-access-step.ts";
import type { ObjectsFound } from "../../src/parts/kubernetes-objects/objects-step.ts";
import { kubeProxyStep } from "../../src/parts/network/kube-proxy-step.ts";
import { pluginSteps } from "../../src/parts/network/plugin-steps.ts";
import { securitySteps } from "../../src/parts/security/security-steps.ts";
import { verificationSteps } from "../../src/parts/verification/verification-steps.ts";
import type { ClusterSpec } from "../../src/spec/cluster-spec.ts";
import { bundleSkipReason, testBundle } from "../support/bundle.ts";
import { type LocalKube, localKubeSkipReason, startLocalKube } from "../support/local-kube.ts";
import { sampleSpec } from "../support/sample-spec.ts";

const bundle = testBundle();
const skipReason = bundleSkipReason() ?? localKubeSkipReason(bundle);

const own = sampleSpec();
const spec = sampleSpec({
  addons: { dns: { replicas: 2, nodeLocal: true }, metricsServer: true },
  network: { ...own.network, serviceCidr: "10.96.0.0/16" },
  namespaces: [
    {
      name: "shop",
      labels: { team: "shop" },
      podSecurity: "restricted",
      quota: { "requests.cpu": "20", pods: "100" },
      limits: { default: { cpu: "500m", memory: "256Mi" }, defaultRequest: { cpu: "100m", memory: "128Mi" } },
      defaultDeny: true,
    },
  ],
  teams: [{ name: "shop", groups: ["shop-developers"], users: ["ana"], namespaces: ["shop"], role: "edit" }],
});
const withPlugin = (plugin: ClusterSpec["network"]["plugin"]): ClusterSpec => ({
  ...spec,
  network: { ...spec.network, plugin },
});
const flannel = { kind: "flannel", version: "0.28.8", backend: "vxlan" } as const;
const configMap = { apiVersion: "v1", kind: "ConfigMap" };

describe.skipIf(skipReason !== undefined)(`objects against a real API server ${skipReason ?? ""}`, () => {
  let kube: LocalKube;

  beforeAll(async () => {
    if (bundle !== undefined) kube = await startLocalKube(bundle, spec.network.serviceCidr);
  });
  afterAll(async () => await kube?.stop());

  const check = (step: ClusterStep) => step.check(kube.act);
  const converge = async (step: ClusterStep): Promise<Check> => {
    const found = await check(step);
    if (found.state === "needed") await step.apply(kube.act, found.found);
    return found;
  };
  /** What is left to do but to wait for controllers, of which there are none here. */
  const leftOf = (found: Check): readonly string[] => {
    if (found.state === "satisfied") return [];
    if (found.state !== "needed") return [JSON.stringify(found)];
    const { different, leftover } = found.found as ObjectsFound;
    return [...different, ...leftover].length === 0 ? [] : found.changes.map((one) => `${one.verb} ${one.what}`);
  };
  const named = (found: Check) =>
    found.state === "needed"
      ? found.changes.filter((one) => one.verb !== "run").map((one) => `${one.verb} ${one.what}`)
      : [];

  const steps = [
    kubeProxyStep(spec),
    controlPlaneAccessStep(spec),
    ...addonsSteps(spec, { network: [], servingCertificates: [] }),
    ...(["vxlan", "host-gw", "wireguard"] as const).flatMap((backend) =>
      pluginSteps(withPlugin({ ...flannel, backend }), { ...flannel, backend }),
    ),
    ...securitySteps(spec),
  ].filter((step) => step.on === "cluster") as ClusterStep[];

  test.each(steps.map((step) => [step.id, step] as const))(
    "%s is taken as it is, and is there as declared afterwards",
    async (_, step) => {
      const found = await converge(step);
      expect(found.state).toBe("needed");
      expect(leftOf(await check(step))).toEqual([]);
    },
  );

  test("pods and Services of the traffic check are taken, and removed", async () => {
    const nodes = spec.hosts.filter((host) => !host.roles.includes("load-balancer"));
    const posts = nodes.map(({ name }) => {
      const node = { apiVersion: "v1", kind: "Node", metadata: { name } };
      return { method: "POST", path: "/api/v1/nodes", body: JSON.stringify(node) } as const;
    });
    await kubeSend(kube.act, spec, posts);
    const [, traffic, end] = verificationSteps(spec, { everything: [] }) as ClusterStep[];
    if (traffic === undefined || end === undefined) throw new Error("there is no traffic check");
    await converge(traffic);
    const pods = "/api/v1/namespaces/kube-system/pods";
    expect(await kubeList(kube.act, spec, pods)).toMatchObject({ items: { length: 4 } });
    await converge(end);
    expect(await kubeList(kube.act, spec, pods)).toMatchObject({ items: { length: 0 } });
    expect((await check(traffic)).state).toBe("satisfied");
  });

  describe("drift", () => {
    const [dns, cache, metrics] = addonsSteps(spec, { network: [], servingCertificates: [] }) as ClusterStep[];
    const merge = async (path: string, body: unknown) => {
      const contentType = "application/merge-patch+json";
      await kubeSend(kube.act, spec, [{ method: "PATCH", path, body: JSON.stringify(body), contentType }]);
    };
    const system = "/api/v1/namespaces/kube-system";
    const apps = "/apis/apps/v1/namespaces/kube-system";

    test.each([
      [
        "a scaled Deployment",
        dns,
        `${apps}/deployments/coredns`,
        { spec: { replicas: 9 } },
        "Deployment kube-system/coredns",
      ],
      [
        "an edited ConfigMap",
        dns,
        `${system}/configmaps/coredns`,
        { data: { Corefile: "." } },
        "ConfigMap kube-system/coredns",
      ],
      [
        "a budget that allows nothing",
        dns,
        "/apis/policy/v1/namespaces/kube-system/poddisruptionbudgets/coredns",
        { spec: { maxUnavailable: 0 } },
        "PodDisruptionBudget kube-system/coredns",
      ],
      [
        "a role with fewer rules",
        metrics,
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:metrics-server",
        { rules: [] },
        "ClusterRole system:metrics-server",
      ],
      [
        "a DaemonSet of lower priority",
        cache,
        `${apps}/daemonsets/node-local-dns`,
        { spec: { template: { spec: { priorityClassName: "system-cluster-critical" } } } },
        "DaemonSet kube-system/node-local-dns",
      ],
    ] as const)("%s is named, shown and mended", async (_, step, path, edit, what) => {
      if (step === undefined) throw new Error("there is no such step");
      await merge(path, edit);
      const found = await converge(step);
      expect(named(found)).toEqual([`update ${what}`]);
      expect(found.state === "needed" && found.changes[0].diff).toMatch(/^[-+]/m);
      expect(leftOf(await check(step))).toEqual([]);
    });

    test("a deleted Service is made again", async () => {
      if (dns === undefined) throw new Error("there is no such step");
      await kubeSend(kube.act, spec, [{ method: "DELETE", path: `${system}/services/kube-dns` }]);
      expect(named(await converge(dns))).toEqual(["create Service kube-system/kube-dns"]);
    });

    test("what others add stays", async () => {
      if (dns === undefined) throw new Error("there is no such step");
      await merge(`${system}/configmaps/coredns`, { data: { "added.server": "example.org:53 {}" } });
      expect(leftOf(await check(dns))).toEqual([]);
    });
  });

  test("an add-on that is not declared any more goes, and nothing of others", async () => {
    const less = { ...spec, addons: { ...spec.addons, metricsServer: false } };
    const other = { ...configMap, metadata: { name: "metrics-server", namespace: "kube-system" } };
    await kubeSend(kube.act, spec, [
      { method: "POST", path: "/api/v1/namespaces/kube-system/configmaps", body: JSON.stringify(other) },
    ]);
    const [, , metrics] = addonsSteps(less, { network: [], servingCertificates: [] }) as ClusterStep[];
    if (metrics === undefined) throw new Error("there is no such step");
    expect(named(await converge(metrics))).toHaveLength(9);
    const left = await kubeAsk(kube.act, spec, [
      { method: "GET", path: "/api/v1/namespaces/kube-system/configmaps/metrics-server" },
      { method: "GET", path: "/apis/apps/v1/namespaces/kube-system/deployments/metrics-server" },
    ]);
    expect(left.state === "answers" && left.replies.map((one) => one.status)).toEqual([200, 404]);
  });
});
