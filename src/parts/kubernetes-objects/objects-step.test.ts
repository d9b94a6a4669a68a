import { describe, expect, test } from "vitest";
import { fakeHosts } from "../../../test/support/fake-hosts.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { Check, StepId } from "../../engine/step.ts";
import { type ObjectsDeclaration, type ObjectsFound, objectsStep } from "./objects-step.ts";

const spec = sampleSpec();

const corefile = { apiVersion: "v1", kind: "ConfigMap", name: "coredns", namespace: "kube-system" };
const configMap: KubeObject = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "coredns", namespace: "kube-system" },
  data: { Corefile: "line 1\nline 2\n" },
};
const deployment: KubeObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "coredns", namespace: "kube-system" },
  spec: { replicas: 2 },
};
const deploymentReference = { ...corefile, apiVersion: "apps/v1", kind: "Deployment" };

function world(over: Partial<ObjectsDeclaration> = {}) {
  const kube = new FakeKube();
  const plain = { runs: [kube.run] };
  const hosts = fakeHosts({ hosts: { "cp-1": { ...plain, files: kube.files }, "cp-2": plain, "cp-3": plain } });
  const declare = (more: Partial<ObjectsDeclaration> = {}) =>
    objectsStep(spec, {
      id: "addons.dns" as StepId,
      title: "Apply the cluster's DNS",
      phase: "add-ons",
      after: [],
      part: "dns",
      objects: [deployment, configMap],
      ...over,
      ...more,
    });
  const check = (more: Partial<ObjectsDeclaration> = {}) => declare(more).check(lookAt(hosts, "cp-1"));
  const converge = async (more: Partial<ObjectsDeclaration> = {}) => {
    const found = await check(more);
    if (found.state === "needed") await declare(more).apply(actOn(hosts, "cp-1"), found.found);
    return found;
  };
  const becomeReady = () =>
    kube.edit(deploymentReference, (live) => ({
      ...live,
      status: { replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
    }));
  return { kube, hosts, check, converge, becomeReady, declare };
}

function changesOf(check: Check<ObjectsFound>): readonly string[] {
  if (check.state !== "needed") throw new Error(`the check is ${check.state}`);
  return check.changes.map((one) => `${one.verb} ${one.what}${one.because === undefined ? "" : `: ${one.because}`}`);
}

describe("a step of objects", () => {
  test("cannot be known before there is a control plane", async () => {
    const { kube, hosts, check } = world();
    kube.listening = false;
    hosts.host("cp-1").files.remove("/etc/kubernetes/manifests/kube-apiserver.yaml", false);
    expect(await check()).toMatchObject({ state: "unknown", until: "control-plane.init" });
  });

  test("cannot be known while no API server answers, which is mended first, and is what is wrong if it stays so", async () => {
    const { kube, check } = world();
    kube.listening = false;
    expect(await check()).toMatchObject({
      state: "unknown",
      until: "control-plane.serving",
      problem: { code: "kubernetes/api-silent" },
    });
  });

  test("takes a 403 of a server without any roles yet for the server's, any other for a refusal", async () => {
    const { kube, check } = world();
    const said = (message: string) => () => ({
      status: 403,
      body: { kind: "Status", reason: "Forbidden", message, code: 403 },
    });
    const role = 'clusterrole.rbac.authorization.k8s.io "cluster-admin" not found';
    kube.intercept = said(`configmaps "coredns" is forbidden: User "slipway" cannot get resource: RBAC: ${role}`);
    expect(await check()).toMatchObject({ state: "unknown", problem: { code: "kubernetes/api-unable" } });
    kube.intercept = said('configmaps "coredns" is forbidden: User "slipway" cannot get resource');
    await expect(check()).rejects.toMatchObject({ problem: { code: "kubernetes/api-refused" } });
  });

  test("waits for what takes time to be ready, and asks for nothing else meanwhile", async () => {
    const { kube, hosts, declare, converge, becomeReady } = world();
    await converge();
    const [, ready] = declare().verify;
    const before = kube.requests.length;
    expect(await ready?.holds(lookAt(hosts, "cp-1"))).toEqual({
      state: "not-yet",
      because: "Deployment kube-system/coredns: 0 of 2 replicas are of this version",
    });
    expect(kube.requests.slice(before).map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /apis/apps/v1/namespaces/kube-system/deployments/coredns",
    ]);
    becomeReady();
    expect(await ready?.holds(lookAt(hosts, "cp-1"))).toEqual({ state: "met" });
    kube.remove(deploymentReference);
    expect(await ready?.holds(lookAt(hosts, "cp-1"))).toMatchObject({ state: "not-yet" });
    kube.listening = false;
    expect(await ready?.holds(lookAt(hosts, "cp-1"))).toMatchObject({ state: "not-yet" });
  });

  test.each([401, 429, 500, 503])("takes a %s in a trial for the server's, not the object's", async (status) => {
    const { kube, check } = world();
    kube.intercept = ({ method }) => (method === "PATCH" ? { status, body: { message: "not now" } } : undefined);
    expect(await check()).toMatchObject({
      state: "unknown",
      problem: { code: "kubernetes/api-unable", because: `${status}: not now` },
    });
  });

  test("makes what others need first, and shows what it makes", async () => {
    const { kube, converge } = world();
    const found = await converge();
    expect(changesOf(found)).toEqual(["create ConfigMap kube-system/coredns", "create Deployment kube-system/coredns"]);
    expect(found.state === "needed" && found.changes[0].diff).toContain("+    line 1");
    expect(kube.changes()).toEqual([
      "PATCH /api/v1/namespaces/kube-system/configmaps/coredns",
      "PATCH /apis/apps/v1/namespaces/kube-system/deployments/coredns",
    ]);
  });

  test("waits for what it has made, and then has nothing to do, in one round trip", async () => {
    const { hosts, check, converge, becomeReady } = world();
    await converge();
    expect(changesOf(await check())).toEqual([
      "run wait for Deployment kube-system/coredns: 0 of 2 replicas are of this version",
    ]);
    becomeReady();
    const before = hosts.usage().roundTrips;
    expect(await check()).toEqual({ state: "satisfied", because: "all 2 objects are as declared and ready" });
    expect(hosts.usage().roundTrips - before).toBe(1);
  });

  test("mends what was edited by hand, and shows what", async () => {
    const { kube, converge, check, becomeReady } = world();
    await converge();
    becomeReady();
    kube.edit(corefile, (live) => ({ ...live, data: { Corefile: "line 1\nbroken\n", added: "by somebody" } }));
    const found = await converge();
    expect(changesOf(found)).toEqual(["update ConfigMap kube-system/coredns"]);
    expect(found.state === "needed" && found.changes[0].diff).toMatch(/- {4}broken\n.*\+ {4}line 2/s);
    expect((await check()).state).toBe("satisfied");
    expect(kube.get(corefile)?.data).toEqual({ Corefile: "line 1\nline 2\n", added: "by somebody" });
  });

  test("removes what it made before and is no longer declared, and nothing of others", async () => {
    const { kube, converge, check } = world();
    await converge();
    kube.put({ ...deployment, metadata: { name: "foreign", namespace: "kube-system", labels: { app: "x" } } });
    const otherPart = { "app.kubernetes.io/managed-by": "slipway", "slipway.dev/part": "metrics" };
    kube.put({ ...deployment, metadata: { name: "other", namespace: "kube-system", labels: otherPart } });
    const less = { objects: [configMap], otherKinds: [{ apiVersion: "apps/v1", kind: "Deployment" }] };
    expect(changesOf(await converge(less))).toEqual([
      "delete Deployment kube-system/coredns: it is no longer declared",
    ]);
    expect((await check(less)).state).toBe("satisfied");
    expect(kube.get({ ...deploymentReference, name: "foreign" })).toBeDefined();
    expect(kube.get({ ...deploymentReference, name: "other" })).toBeDefined();
  });

  test("removes what it is told to remove, whoever made it, once", async () => {
    const { kube, converge, check } = world({ objects: [] });
    kube.put(configMap);
    const absent = { absent: [corefile] };
    expect(changesOf(await converge(absent))).toEqual([
      "delete ConfigMap kube-system/coredns: it is no longer declared",
    ]);
    expect(await check(absent)).toEqual({ state: "satisfied", because: "there are none, as declared" });
  });

  test("leaves alone what was made anew since it was seen", async () => {
    const { kube, hosts, check, declare } = world({ objects: [] });
    kube.put(configMap);
    const absent = { absent: [corefile] };
    const found = await check(absent);
    kube.edit(corefile, (live) => ({ ...live, metadata: { ...live.metadata, uid: "another" } }));
    if (found.state === "needed") await declare(absent).apply(actOn(hosts, "cp-1"), found.found);
    expect(kube.get(corefile)).toBeDefined();
  });

  test("shows that a Secret's value changes, and not which", async () => {
    const secret = (value: string): KubeObject => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "kube-system", annotations: { note: "kept" } },
      data: { token: value, same: "planted-same" },
    });
    const { converge } = world();
    const first = await converge({ objects: [secret("planted-one")] });
    const second = await converge({ objects: [secret("planted-two")] });
    expect(changesOf(second)).toEqual(["update Secret kube-system/s"]);
    const text = JSON.stringify([first, second].map((one) => one.state === "needed" && one.changes));
    expect(text).not.toContain("planted");
    expect(second.state === "needed" && second.changes[0].diff).toContain("+  token: (hidden, another one)");
  });

  test("is refused with the API's own words when the API would not take an object", async () => {
    const { kube, check } = world();
    kube.intercept = ({ method, path }) =>
      method === "PATCH" && path.endsWith("/deployments/coredns")
        ? { status: 422, body: { reason: "Invalid", message: "spec.selector: field is immutable" } }
        : undefined;
    expect(await check()).toMatchObject({
      state: "refused",
      problem: {
        code: "kubernetes/api-refused",
        message: "the API server would not take Deployment kube-system/coredns as it is declared",
        because: "422 Invalid: spec.selector: field is immutable",
      },
    });
  });

  test("leaves out what controllers count by themselves", async () => {
    const { kube, converge, check, becomeReady } = world();
    await converge();
    becomeReady();
    const annotations = { "deployment.kubernetes.io/revision": "7" };
    kube.edit(deploymentReference, (live) => ({ ...live, metadata: { ...live.metadata, annotations } }));
    kube.edit(deploymentReference, (live) => ({ ...live, spec: { replicas: 9 } }));
    const found = await converge();
    expect(found.state === "needed" && found.changes[0].diff).not.toContain("revision");
    expect((await check()).state).toBe("satisfied");
  });

  test("shows an object that uses one thing in two places", async () => {
    const labels = { app: "x" };
    const { converge } = world({
      objects: [{ ...configMap, metadata: { ...configMap.metadata, labels }, data: labels }],
    });
    const found = await converge();
    expect(found.state === "needed" && found.changes[0].diff).not.toMatch(/[&*]a1/);
  });

  test("makes a namespace and what is in it together", async () => {
    const namespace: KubeObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: "new" } };
    const inside: KubeObject = { ...configMap, metadata: { name: "inside", namespace: "new" } };
    const { converge, check } = world({ objects: [inside, namespace] });
    expect(changesOf(await converge())).toEqual(["create Namespace new", "create ConfigMap new/inside"]);
    expect((await check()).state).toBe("satisfied");
  });

  test("waits for the step that makes the kinds it needs", async () => {
    const inside: KubeObject = { ...configMap, metadata: { name: "inside", namespace: "elsewhere" } };
    const { check } = world({ objects: [inside], until: "network.definitions" as StepId });
    expect(await check()).toMatchObject({ state: "unknown", until: "network.definitions" });
  });

  test("replaces pods that wait after a crash once what they crashed of is mended, and no others", async () => {
    const labels = { "k8s-app": "kube-dns" };
    const selecting = { ...deployment, spec: { replicas: 2, selector: { matchLabels: labels } } };
    const { kube, converge } = world({ objects: [selecting, configMap] });
    await converge();
    const pod = (name: string, reason?: string, more: Readonly<Record<string, string>> = labels): KubeObject => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "kube-system", labels: more },
      status: { containerStatuses: [{ state: reason === undefined ? { running: {} } : { waiting: { reason } } }] },
    });
    kube.put(pod("crashed", "CrashLoopBackOff"));
    kube.put(pod("pulling", "ImagePullBackOff"));
    kube.put(pod("fine"));
    kube.put(pod("another", "CrashLoopBackOff", { app: "shop" }));
    kube.edit(corefile, (live) => ({ ...live, data: { Corefile: "broken" } }));
    await converge();
    expect(kube.list("Pod").map((one) => one.metadata.name)).toEqual(["pulling", "fine", "another"]);
  });

  test("leaves alone what a controller has made with the labels of a declared object", async () => {
    const { kube, converge, check, becomeReady } = world();
    await converge();
    becomeReady();
    const { labels = {} } = kube.get(corefile)?.metadata ?? {};
    const metadata = { namespace: "kube-system", labels };
    const owner = { apiVersion: "v1", kind: "Service", name: "kube-dns", uid: "1" };
    kube.put({ ...configMap, metadata: { ...metadata, name: "made", ownerReferences: [owner] } });
    expect((await check()).state).toBe("satisfied");
    kube.put({ ...configMap, metadata: { ...metadata, name: "left" } });
    expect(changesOf(await check())).toEqual(["delete ConfigMap kube-system/left: it is no longer declared"]);
  });
});
