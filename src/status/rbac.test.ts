import { beforeEach, describe, expect, test } from "vitest";
import { type FakeHosts, fakeHosts } from "../../test/support/fake-hosts.ts";
import { FakeKube } from "../../test/support/fake-kube.ts";
import { lookAt } from "../../test/support/host-look.ts";
import { sampleSpec } from "../../test/support/sample-spec.ts";
import type { KubeObject } from "../cluster/kube/kube-object.ts";
import { clusterAdmins } from "./cluster-admins.ts";
import { permissions, teamPermissions } from "./team-permissions.ts";

const apiVersion = "rbac.authorization.k8s.io/v1";
const everything = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];
let kube: FakeKube;
let hosts: FakeHosts;

beforeEach(() => {
  kube = new FakeKube();
  const plane = { files: kube.files, runs: [kube.run] };
  hosts = fakeHosts({ hosts: { "cp-1": plane, "cp-2": plane, "cp-3": plane } });
});

function put(kind: string, name: string, rest: object, namespace?: string): void {
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  kube.put({ apiVersion, kind, metadata, ...rest } as KubeObject);
}

function bind(kind: string, name: string, role: string, subject: object, namespace?: string): void {
  const [roleKind, roleName] = role.split(" ");
  put(kind, name, { roleRef: { kind: roleKind, name: roleName }, subjects: [subject] }, namespace);
}

describe("clusterAdmins", () => {
  beforeEach(() => {
    put("ClusterRole", "cluster-admin", { rules: everything });
    put("ClusterRole", "edit", { rules: [{ verbs: ["*"], apiGroups: ["apps"], resources: ["*"] }] });
    bind("ClusterRoleBinding", "cluster-admin", "ClusterRole cluster-admin", { kind: "Group", name: "system:masters" });
    const own = { kind: "Group", name: "kubeadm:cluster-admins" };
    bind("ClusterRoleBinding", "kubeadm:cluster-admins", "ClusterRole cluster-admin", own);
  });

  test("finds Kubernetes' own and nobody else in a new cluster", async () => {
    const admins = await clusterAdmins(lookAt(hosts, "cp-1"), sampleSpec());
    expect(admins.map((one) => [one.subject, one.isUsual])).toEqual([
      ["Group kubeadm:cluster-admins", true],
      ["Group system:masters", true],
    ]);
  });

  test("names a foreign binding first, and its subject's namespace", async () => {
    const subject = { kind: "ServiceAccount", name: "installer", namespace: "tools" };
    bind("ClusterRoleBinding", "installer", "ClusterRole cluster-admin", subject);
    const [first] = await clusterAdmins(lookAt(hosts, "cp-1"), sampleSpec());
    expect(first).toEqual({
      subject: "ServiceAccount tools/installer",
      binding: "ClusterRoleBinding installer",
      role: "ClusterRole cluster-admin",
      isUsual: false,
    });
  });

  test("is not deceived by another role that is as much, or by a binding within a namespace", async () => {
    put("ClusterRole", "helper", { rules: everything });
    bind("ClusterRoleBinding", "help", "ClusterRole helper", { kind: "User", name: "ann" });
    put("Role", "all", { rules: everything }, "shop");
    bind("RoleBinding", "all", "Role all", { kind: "User", name: "bob" }, "shop");
    bind("RoleBinding", "some", "ClusterRole edit", { kind: "User", name: "eve" }, "shop");
    const admins = await clusterAdmins(lookAt(hosts, "cp-1"), sampleSpec());
    expect(admins.filter((one) => !one.isUsual).map((one) => [one.subject, one.namespace])).toEqual([
      ["User ann", undefined],
      ["User bob", "shop"],
    ]);
  });

  test("takes another subject in a usual binding for unusual", async () => {
    const subject = { kind: "Group", name: "system:authenticated" };
    bind("ClusterRoleBinding", "cluster-admin", "ClusterRole cluster-admin", subject);
    const [first] = await clusterAdmins(lookAt(hosts, "cp-1"), sampleSpec());
    expect(first).toMatchObject({ subject: "Group system:authenticated", isUsual: false });
  });

  test("says so when no API server answers", async () => {
    kube.listening = false;
    await expect(clusterAdmins(lookAt(hosts, "cp-1"), sampleSpec())).rejects.toThrow(/no API server/);
  });
});

describe("teamPermissions", () => {
  const team = {
    name: "shop",
    groups: ["oidc:shop"],
    users: ["oidc:ann"],
    namespaces: ["shop"],
    role: "view",
  } as const;
  const spec = sampleSpec({
    teams: [team],
    namespaces: [{ name: "shop", labels: {}, podSecurity: "baseline", quota: {}, defaultDeny: true }],
  });

  /** The API allows these, as "namespace verb resource/subresource". */
  function allow(allowed: readonly string[]): void {
    kube.intercept = (request) => {
      const { spec: asked } = JSON.parse(request.body) as { spec: { resourceAttributes: Record<string, string> } };
      const { namespace, verb, resource, subresource } = asked.resourceAttributes;
      const text = `${namespace} ${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}`;
      return { status: 201, body: { status: { allowed: allowed.includes(text) } } };
    };
  }

  test("asks for every group and user, in its namespaces and in kube-system", async () => {
    allow(["shop list pods", "shop get pods/log"]);
    const rows = await teamPermissions(lookAt(hosts, "cp-1"), spec);
    expect(rows.map((row) => [row.subject, row.namespace, row.surprising])).toEqual([
      ["Group oidc:shop", "shop", []],
      ["Group oidc:shop", "kube-system", []],
      ["User oidc:ann", "shop", []],
      ["User oidc:ann", "kube-system", []],
    ]);
    expect(permissions.filter((one) => rows[0]?.may[one])).toEqual(["see pods", "read logs"]);
    const bodies = kube.requests.map((one) => JSON.parse(one.body) as { spec: { user: string; groups: string[] } });
    expect(bodies[0]?.spec.groups).toEqual(["oidc:shop", "system:authenticated"]);
    expect(bodies.at(-1)?.spec).toMatchObject({ user: "oidc:ann", groups: ["system:authenticated"] });
  });

  test("marks what is more or less than the role says", async () => {
    allow(["shop list pods", "shop get secrets", "kube-system list pods"]);
    const rows = await teamPermissions(lookAt(hosts, "cp-1"), spec);
    expect(rows[0]?.surprising).toEqual(["read logs", "read secrets"]);
    expect(rows[1]?.surprising).toEqual(["see pods"]);
  });

  test("is not surprised by what another team of theirs gives them in the same namespace", async () => {
    allow(["shop list pods", "shop get pods/log", "shop create deployments"]);
    const both = { ...spec, teams: [team, { ...team, name: "ops", users: [], role: "edit" as const }] };
    const rows = await teamPermissions(lookAt(hosts, "cp-1"), both);
    const surprising = (name: string, subject: string) =>
      rows.find((row) => row.team === name && row.subject === subject && row.namespace === "shop")?.surprising;
    // The group may do what edit says, and does not do all of it here; ann is in no other team.
    const missing = ["open shells", "delete pods", "read secrets"];
    expect(surprising("shop", "Group oidc:shop")).toEqual(missing);
    expect(surprising("ops", "Group oidc:shop")).toEqual(missing);
    expect(surprising("shop", "User oidc:ann")).toEqual(["deploy"]);
  });

  test("has no lines without teams", async () => {
    expect(await teamPermissions(lookAt(hosts, "cp-1"), sampleSpec())).toEqual([]);
  });

  test("says what the API server refused", async () => {
    kube.intercept = () => ({ status: 403, body: { kind: "Status", reason: "Forbidden", message: "no" } });
    await expect(teamPermissions(lookAt(hosts, "cp-1"), spec)).rejects.toThrow(/refused/);
  });

  test("takes no refusal for one of servers that are unable to answer", async () => {
    kube.intercept = () => ({
      status: 503,
      body: { kind: "Status", reason: "ServiceUnavailable", message: "no etcd" },
    });
    await expect(teamPermissions(lookAt(hosts, "cp-1"), spec)).rejects.toThrow("kubernetes/api-unable");
  });
});
