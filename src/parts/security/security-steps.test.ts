import { beforeEach, describe, expect, test } from "vitest";
import { type FakeHosts, fakeHosts } from "../../../test/support/fake-hosts.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { ClusterStep } from "../../engine/step.ts";
import type { ClusterSpec, NamespaceSpec, TeamSpec } from "../../spec/cluster-spec.ts";
import { securitySteps } from "./security-steps.ts";

const shop: NamespaceSpec = {
  name: "shop",
  labels: { "example.com/cost": "42" },
  podSecurity: "baseline",
  quota: { "requests.cpu": "10", pods: "50" },
  limits: { default: { cpu: "1" }, defaultRequest: { cpu: "100m" }, max: { cpu: "4" } },
  defaultDeny: true,
};
const team: TeamSpec = {
  name: "shop",
  groups: ["oidc:shop"],
  users: ["oidc:ann"],
  namespaces: ["shop"],
  role: "edit",
};
let kube: FakeKube;
let hosts: FakeHosts;

beforeEach(() => {
  kube = new FakeKube();
  const plane = { files: kube.files, runs: [kube.run] };
  hosts = fakeHosts({ hosts: { "cp-1": plane, "cp-2": plane, "cp-3": plane } });
});

async function apply(over: Partial<ClusterSpec>): Promise<string[]> {
  const before = kube.changes().length;
  for (const step of securitySteps(sampleSpec(over)) as ClusterStep[]) {
    const check = await step.check(lookAt(hosts, "cp-1"));
    if (check.state === "needed") await step.apply(actOn(hosts, "cp-1"), check.found);
    else expect(check.state).toBe("satisfied");
    expect((await step.check(lookAt(hosts, "cp-1"))).state).toBe("satisfied");
  }
  return kube.changes().slice(before);
}

const policy = (name: string) =>
  kube.get({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", name, namespace: "shop" })?.spec;

describe("the security steps", () => {
  test("make a namespace with everything that belongs to it, and the team's role in it", async () => {
    expect(await apply({ namespaces: [shop], teams: [team] })).toEqual([
      "PATCH /api/v1/namespaces/shop",
      "PATCH /api/v1/namespaces/shop/resourcequotas/slipway-quota",
      "PATCH /api/v1/namespaces/shop/limitranges/slipway-limits",
      "PATCH /apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/slipway-default-deny",
      "PATCH /apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/slipway-allow-dns",
      "PATCH /apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/slipway-team-shop-edit",
    ]);
    expect(kube.get({ apiVersion: "v1", kind: "Namespace", name: "shop" })?.metadata.labels).toMatchObject({
      "example.com/cost": "42",
      "pod-security.kubernetes.io/enforce": "baseline",
      "pod-security.kubernetes.io/enforce-version": "latest",
      "pod-security.kubernetes.io/warn": "restricted",
      "pod-security.kubernetes.io/audit": "restricted",
    });
    expect(policy("slipway-default-deny")).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    expect(policy("slipway-allow-dns")).toMatchObject({
      policyTypes: ["Egress"],
      egress: [
        {
          to: [{ podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }, { ipBlock: { cidr: "169.254.20.10/32" } }],
          ports: [{ port: 53 }, { port: 53 }],
        },
      ],
    });
  });

  test("have nothing to do where nothing is declared", async () => {
    expect(await apply({})).toEqual([]);
  });

  test("take back what is no longer declared of a namespace", async () => {
    await apply({ namespaces: [shop], teams: [team] });
    const { limits: _, ...plain } = shop;
    expect(await apply({ namespaces: [{ ...plain, quota: {}, defaultDeny: false }], teams: [team] })).toEqual([
      "DELETE /api/v1/namespaces/shop/resourcequotas/slipway-quota",
      "DELETE /api/v1/namespaces/shop/limitranges/slipway-limits",
      "DELETE /apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/slipway-default-deny",
      "DELETE /apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/slipway-allow-dns",
    ]);
  });

  test("leave a namespace that is no longer declared as it is, and take back the team's role", async () => {
    await apply({ namespaces: [shop], teams: [team] });
    expect(await apply({})).toEqual([
      "DELETE /apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/slipway-team-shop-edit",
    ]);
    expect(policy("slipway-default-deny")).toBeDefined();
  });

  test("give a team another role by another binding, for a binding's role cannot change", async () => {
    await apply({ namespaces: [shop], teams: [team] });
    expect(await apply({ namespaces: [shop], teams: [{ ...team, role: "view" }] })).toEqual([
      "PATCH /apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/slipway-team-shop-view",
      "DELETE /apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/slipway-team-shop-edit",
    ]);
  });
});
