import { describe, expect, test } from "vitest";
import { type EngineRig, engineRig } from "../../../test/support/engine-rig.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import type { FakeDeath } from "../../../test/support/fake-kubeadm.ts";
import { FakeKubeadm, kubeconfigOf } from "../../../test/support/fake-kubeadm.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { Step, StepId } from "../../engine/step.ts";
import { Secret } from "../../hosts/secret.ts";
import { createAuthority, type KeyPair } from "../../pki/certificate-authority.ts";
import { issueCertificate } from "../../pki/issue-certificate.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { ownershipLabels } from "../kubernetes-objects/ownership-labels.ts";
import { auditPolicy } from "./audit-policy.ts";
import { controlPlaneCaStep } from "./control-plane-ca-step.ts";
import { auditPolicyPath, patchesFolder } from "./control-plane-layout.ts";
import { controlPlaneSteps } from "./control-plane-steps.ts";
import { nextEncryptionKey, writeEncryptionKeys } from "./encryption-keys.ts";
import { kubeadmConfig } from "./kubeadm-config.ts";
import { staticPodPatches } from "./kubeadm-patches.ts";
import { clusterAuthority, kubernetesAuthorities, serviceAccountKey } from "./kubernetes-authorities.ts";

const sample = sampleSpec();
const controlPlanes = ["cp-1", "cp-2", "cp-3"];
const balancers = ["lb-1", "lb-2"];
const nothing = { prepared: () => [], endpoint: [], etcd: [] };

/** What the steps that are not under test give every control plane host. */
const auditFile = { content: auditPolicy(undefined), modifiedAt: 1_700_000_000 };

interface Rig extends EngineRig {
  readonly kube: FakeKube;
  readonly kubeadm: FakeKubeadm;
  readonly authority: KeyPair;
  /** Plans and applies the steps under test, and says how the run ended. */
  bring(spec?: ClusterSpec): ReturnType<EngineRig["apply"]>;
  titles(spec?: ClusterSpec): Promise<readonly string[]>;
}

/** The steps under test: what kubeadm is given, and what is in the API beside tokens, have tests of their own. */
function stepsOf(spec: ClusterSpec): readonly Step[] {
  const tested = /^control-plane\.(init|serving|tokens|join|roll)/;
  const steps = controlPlaneSteps(spec, nothing).filter((step) => tested.test(step.id));
  const ids = new Set(steps.map((step) => step.id));
  return steps.map((step) => ({ ...step, after: [...afterOf(step.id), ...step.after].filter((id) => ids.has(id)) }));
}

function afterOf(id: string): readonly StepId[] {
  return id === "control-plane.tokens" ? ["control-plane.serving" as StepId] : [];
}

async function rigOf(): Promise<Rig> {
  const kube = new FakeKube();
  kube.intercept = ({ path }) => (path === "/readyz" ? { status: 200, body: "ok" } : undefined);
  const kubeadm = new FakeKubeadm(kube);
  const rig = engineRig([...controlPlanes, ...balancers], { base: kubeadm.base });
  const now = rig.clock.now();
  const authority = await createAuthority("demo Kubernetes CA", now);
  await rig.world.vault.write(clusterAuthority.certificate, new Secret(authority.certificate));
  await rig.world.vault.write(clusterAuthority.key, authority.key);
  for (const [index, name] of controlPlanes.entries()) {
    rig.hosts.host(name).files.write(auditPolicyPath, auditFile);
    const kubernetes = ["", ".default", ".default.svc", ".default.svc.cluster.local"].map((one) => `kubernetes${one}`);
    const made = await issueCertificate(
      authority,
      {
        commonName: "kube-apiserver",
        dnsNames: [name, ...kubernetes, "localhost"],
        ipAddresses: [`10.0.0.1${index + 1}`, "10.96.0.1", "10.0.0.10", "127.0.0.1", "::1"],
        usages: ["server"],
      },
      now,
    );
    kubeadm.certificates.set(name, made.certificate);
  }
  return {
    ...rig,
    kube,
    kubeadm,
    authority,
    bring: (spec = sample) => rig.apply(stepsOf(spec)),
    async titles(spec = sample) {
      const plan = await rig.plan(stepsOf(spec));
      return plan.steps.filter((step) => step.state !== "satisfied").map((step) => `${step.id}: ${step.state}`);
    },
  };
}

const withTtl = (minutes: number): ClusterSpec => {
  const { kubernetes } = sample;
  return sampleSpec({
    kubernetes: { ...kubernetes, apiServer: { ...kubernetes.apiServer, eventTtlMinutes: minutes } },
  });
};

function hostOf(name: string): HostSpec {
  const host = sample.hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`the sample has ${name}`);
  return host;
}

/** Bootstrap tokens that were made, and are still there. */
function tokens(rig: Rig): { made: number; left: number } {
  const path = "/api/v1/namespaces/kube-system/secrets";
  const made = rig.kube.requests.filter((one) => one.method === "POST" && one.path === path);
  const gone = new Set(rig.kube.requests.filter((one) => one.method === "DELETE").map((one) => one.path));
  const names = made.map((one) => (JSON.parse(one.body) as { metadata: { name: string } }).metadata.name);
  return { made: made.length, left: names.filter((name) => !gone.has(`${path}/${name}`)).length };
}

describe("from nothing", () => {
  test("the first host is initialised, the others join with a token each, and no token is left", async () => {
    const rig = await rigOf();
    const result = await rig.bring();
    expect(result.failed).toEqual([]);
    const births = controlPlanes.map((name) => rig.hosts.host(name).files.text("/etc/kubernetes/slipway/birth"));
    expect(births).toEqual(["init-done\n", "join-done\n", "join-done\n"]);
    expect(tokens(rig)).toEqual({ made: 2, left: 0 });
    expect(rig.hosts.host("cp-1").files.get("/etc/kubernetes/super-admin.conf")).toBeUndefined();
    expect(await rig.titles()).toEqual([]);
  });

  test("no token is ever in a command line, in a file of ours or in the journal", async () => {
    const rig = await rigOf();
    await rig.bring();
    const token = /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/;
    expect(rig.kubeadm.runs.join("\n")).not.toMatch(token);
    expect(JSON.stringify(rig.journal.events)).not.toMatch(token);
    for (const name of controlPlanes) expect(JSON.stringify(rig.hosts.host(name).files.contents())).not.toMatch(token);
  });
});

describe("after an interruption", () => {
  const deaths: readonly FakeDeath[] = ["after-manifests", "after-kubelet", "after-everything"];

  test.each(deaths)("%s of init, the next apply ends in the same state", async (death) => {
    const rig = await rigOf();
    rig.kubeadm.deaths.set("cp-1", death);
    expect((await rig.bring()).failed).toEqual(["control-plane.init"]);
    expect((await rig.bring()).failed).toEqual([]);
    expect(await rig.titles()).toEqual([]);
    expect(tokens(rig)).toEqual({ made: 2, left: 0 });
  });

  test.each(deaths)("%s of a join, the next apply ends in the same state, and no token is left", async (death) => {
    const rig = await rigOf();
    rig.kubeadm.deaths.set("cp-2", death);
    expect((await rig.bring()).failed).toEqual(["control-plane.join/cp-2"]);
    expect(tokens(rig).left).toBe(0);
    expect((await rig.bring()).failed).toEqual([]);
    expect(await rig.titles()).toEqual([]);
    expect(rig.hosts.host("cp-2").files.get("/etc/kubernetes/bootstrap-kubelet.conf")).toBeUndefined();
    // A kubelet that has its identity may be a Ready node already, which kubeadm would refuse to join.
    const resumed = rig.kubeadm.runs.filter((line) => line.startsWith("cp-2: join")).at(-1) ?? "";
    expect(resumed.includes("--skip-phases=preflight,kubelet-start")).toBe(death !== "after-manifests");
  });

  test("a token that a killed run has left is deleted before anybody joins", async () => {
    const rig = await rigOf();
    await rig.bring();
    const labels = { ...ownershipLabels("bootstrap-token"), "slipway.dev/joins": "w-9" };
    const name = "bootstrap-token-abcdef";
    rig.kube.put({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "kube-system", labels } });
    expect(await rig.titles()).toEqual(["control-plane.tokens: needed"]);
    expect((await rig.bring()).failed).toEqual([]);
    expect(rig.kube.get({ apiVersion: "v1", kind: "Secret", name, namespace: "kube-system" })).toBeUndefined();
  });
});

describe("when no API server answers", () => {
  const silent = async () => {
    const rig = await rigOf();
    await rig.bring();
    for (const name of controlPlanes) {
      const { files } = rig.hosts.host(name);
      files.write("/etc/kubernetes/slipway/kubeadm.yaml", { content: kubeadmConfig(sample, hostOf(name)) });
      for (const { name: patch, text } of staticPodPatches(sample))
        files.write(`${patchesFolder}/${patch}`, { content: text });
      const path = "/etc/kubernetes/manifests/kube-apiserver.yaml";
      files.write(path, { content: "spec:\n  containers:\n    - command: [kube-apiserver, --no-such-flag]\n" });
    }
    rig.kube.listening = false;
    rig.kubeadm.runs.length = 0;
    rig.kubeadm.told.length = 0;
    return rig;
  };

  test("what silences them is mended first, on all of them, and only then is anybody asked", async () => {
    const rig = await silent();
    rig.kubeadm.onPhase = () => {
      rig.kube.listening = true;
    };
    const plan = await rig.plan(stepsOf(sample));
    expect(plan.steps.filter((step) => step.state === "refused")).toEqual([]);
    expect(plan.steps.find((step) => step.id === "control-plane.serving")).toMatchObject({
      state: "needed",
      changes: [
        { what: "static pod kube-apiserver on cp-1", because: "its manifest was edited" },
        { what: "static pod kube-apiserver on cp-2" },
        { what: "static pod kube-apiserver on cp-3" },
        { what: "wait for an API server to answer" },
      ],
    });
    expect((await rig.bring()).failed).toEqual([]);
    expect(rig.kubeadm.runs.map((line) => line.replace(/ --config.*/, ""))).toEqual(
      controlPlanes.map((name) => `${name}: init phase control-plane apiserver`),
    );
    expect(await rig.titles()).toEqual([]);
  });

  test("and stays so, that is what is said, and not a bug of Slipway's", async () => {
    const rig = await silent();
    const result = await rig.bring();
    expect(result.failed).toEqual(["control-plane.serving"]);
    expect(result.problems).toMatchObject([{ code: "engine/not-verified" }]);
  });
});

describe("a Node object that somebody has deleted", () => {
  test("comes back, also that of the host the cluster begins on", async () => {
    const rig = await rigOf();
    await rig.bring();
    rig.kube.remove({ apiVersion: "v1", kind: "Node", name: "cp-1" });
    expect(await rig.titles()).toEqual(["control-plane.join/cp-1: needed"]);
    expect((await rig.bring()).failed).toEqual([]);
    expect(await rig.titles()).toEqual([]);
  });
});

describe("the last control plane of a cluster", () => {
  test("is not initialised, having joined", async () => {
    const rig = await rigOf();
    await rig.bring();
    rig.kubeadm.runs.length = 0;
    const left = sampleSpec({ hosts: sample.hosts.filter((host) => host.name !== "cp-1" && host.name !== "cp-3") });
    const plan = await rig.plan(stepsOf(left));
    expect(plan.steps.find((step) => step.id === "control-plane.init")).toMatchObject({
      state: "satisfied",
      because: "the cluster exists on cp-2",
    });
  });
});

describe("a certificate of kubeadm's near its end", () => {
  test("is named and renewed on one host after the other, without taking anybody out of service", async () => {
    const rig = await rigOf();
    await rig.bring();
    const issue = async (validForDays: number) => {
      const request = { commonName: "system:kube-scheduler", dnsNames: [], ipAddresses: [], validForDays };
      const made = await issueCertificate(rig.authority, { ...request, usages: ["client"] }, rig.clock.now());
      return made.certificate;
    };
    for (const name of ["cp-1", "cp-2"])
      rig.hosts.host(name).files.write("/etc/kubernetes/scheduler.conf", { content: kubeconfigOf(await issue(29)) });
    rig.kubeadm.renewed.set("scheduler.conf", await issue(365));
    const plan = await rig.plan(stepsOf(sample));
    expect(plan.steps.find((step) => step.id === "control-plane.roll/cp-1")).toMatchObject({
      state: "needed",
      changes: [{ what: "certificate /etc/kubernetes/scheduler.conf", to: "renewed" }],
    });
    rig.kubeadm.runs.length = 0;
    rig.kubeadm.told.length = 0;
    expect((await rig.bring()).failed).toEqual([]);
    expect(rig.kubeadm.runs.map((line) => line.replace(/ --config.*/, ""))).toEqual([
      "cp-1: certs renew scheduler.conf",
      "cp-2: certs renew scheduler.conf",
    ]);
    expect(rig.kubeadm.told).toEqual([]);
    expect(await rig.titles()).toEqual([]);
  });
});

describe("a cluster of somebody else", () => {
  test("is not initialised over", async () => {
    const rig = await rigOf();
    rig.hosts.host("cp-2").files.write("/etc/kubernetes/kubelet.conf", "");
    const plan = await rig.plan(stepsOf(sample));
    const refused = plan.steps.flatMap((step) => (step.state === "refused" ? [step.problem.code] : []));
    expect(refused[0]).toBe("kubernetes/foreign-cluster");
    expect(rig.kubeadm.runs).toEqual([]);
  });
});

describe("a state folder of another cluster", () => {
  test("is refused before its authority is placed over that of the control planes", async () => {
    const rig = await rigOf();
    await rig.bring();
    const { vault } = rig.world;
    const caOnly = [controlPlaneCaStep(sample)];
    for (const one of kubernetesAuthorities(sample).slice(1)) {
      const made = await createAuthority(one.title, rig.clock.now());
      await vault.write(one.certificate, new Secret(made.certificate));
      await vault.write(one.key, made.key);
    }
    for (const name of [serviceAccountKey.key, serviceAccountKey.publicKey]) await vault.write(name, new Secret("key"));
    await writeEncryptionKeys(vault, [nextEncryptionKey([], "secretbox")]);
    expect((await rig.plan(caOnly)).steps).toMatchObject([{ state: "satisfied" }]);

    const other = await createAuthority("another Kubernetes CA", rig.clock.now());
    await vault.write(clusterAuthority.certificate, new Secret(other.certificate));
    await vault.write(clusterAuthority.key, other.key);
    expect((await rig.plan(caOnly)).steps).toMatchObject([
      {
        state: "refused",
        problem: { code: "kubernetes/authority-foreign", because: expect.stringContaining("cp-1, cp-2, cp-3") },
      },
    ]);
    // One host of the vault's authority says whose the cluster is: the others have drifted.
    const names = { commonName: "kube-apiserver", dnsNames: ["cp-2"], ipAddresses: [] };
    const ours = await issueCertificate(other, { ...names, usages: ["server"] }, rig.clock.now());
    rig.hosts.host("cp-2").files.write("/etc/kubernetes/pki/apiserver.crt", { content: ours.certificate });
    expect((await rig.plan(caOnly)).steps).toMatchObject([{ state: "satisfied" }]);
  });
});

describe("a first host that was lost", () => {
  test("joins the cluster that lives on the others, and never makes a second one", async () => {
    const rig = await rigOf();
    await rig.bring();
    for (const path of rig.hosts.host("cp-1").files.paths())
      if (/^\/(etc\/kubernetes|var\/lib\/kubelet)/.test(path)) rig.hosts.host("cp-1").files.remove(path, false);
    rig.hosts.host("cp-1").files.write(auditPolicyPath, auditFile);
    rig.kubeadm.runs.length = 0;
    expect((await rig.bring()).failed).toEqual([]);
    expect(rig.kubeadm.runs.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual(["cp-1: join"]);
  });
});

describe("a changed flag", () => {
  test("rolls through the control planes one by one, each out of service meanwhile", async () => {
    const rig = await rigOf();
    await rig.bring();
    rig.kubeadm.generation = 2;
    rig.kubeadm.runs.length = 0;
    expect((await rig.bring(withTtl(90))).failed).toEqual([]);
    expect(rig.kubeadm.runs.map((line) => line.replace(/ --config.*/, ""))).toEqual(
      controlPlanes.map((name) => `${name}: init phase control-plane apiserver`),
    );
    const drain = (name: string) =>
      `disable health kubernetes-api/${name}; set server kubernetes-api/${name} state drain`;
    const ready = (name: string) =>
      `enable health kubernetes-api/${name}; set server kubernetes-api/${name} state ready`;
    const toLb1 = rig.kubeadm.told.filter((line) => line.startsWith("lb-1: ")).map((line) => line.slice(6));
    expect(toLb1).toEqual(controlPlanes.flatMap((name) => [drain(name), ready(name)]));
    expect(await rig.titles(withTtl(90))).toEqual([]);
  });

  test("does not stop the last API server that serves", async () => {
    const rig = await rigOf();
    await rig.bring();
    for (const name of ["cp-2", "cp-3"])
      rig.hosts.host(name).files.remove("/etc/kubernetes/manifests/kube-apiserver.yaml", false);
    rig.kubeadm.runs.length = 0;
    const steps = stepsOf(withTtl(90)).filter((step) => step.id === "control-plane.roll/cp-1");
    const result = await rig.apply(steps.map((step) => ({ ...step, after: [] })));
    expect(result.failed).toEqual(["control-plane.roll/cp-1"]);
    const problems = rig.journal.events.flatMap((event) => ("problem" in event ? [event.problem.code] : []));
    expect(problems).toEqual(["kubernetes/control-plane-at-risk"]);
    expect(rig.kubeadm.runs).toEqual([]);
  });
});

describe("an API server that does not serve", () => {
  test("is made anew although no other one serves: nothing is taken away", async () => {
    const rig = await rigOf();
    await rig.bring();
    rig.kube.listening = false;
    rig.kubeadm.onPhase = () => {
      rig.kube.listening = true;
    };
    const steps = stepsOf(withTtl(90)).filter((step) => step.id === "control-plane.roll/cp-1");
    const result = await rig.apply(steps.map((step) => ({ ...step, after: [] })));
    expect(result.problems).toEqual([]);
  });
});

describe("drift", () => {
  test("an edited manifest is named and made anew, and nothing else is touched", async () => {
    const rig = await rigOf();
    await rig.bring();
    const path = "/etc/kubernetes/manifests/kube-scheduler.yaml";
    const host = rig.hosts.host("cp-3");
    host.files.write(path, "spec:\n  containers:\n    - command: [kube-scheduler, --profiling=true]\n");
    host.files.write(path, { content: host.files.text(path) ?? "" });
    rig.kubeadm.restart(host, "kube-scheduler");
    const plan = await rig.plan(stepsOf(sample));
    const step = plan.steps.find((one) => one.id === "control-plane.roll/cp-3");
    expect(step).toMatchObject({
      state: "needed",
      changes: [{ what: "static pod kube-scheduler", because: "its manifest was edited" }],
    });
    rig.kubeadm.runs.length = 0;
    rig.kubeadm.told.length = 0;
    expect((await rig.bring()).failed).toEqual([]);
    expect(rig.kubeadm.runs).toHaveLength(1);
    // Nobody outside notices a scheduler.
    expect(rig.kubeadm.told).toEqual([]);
    expect(await rig.titles()).toEqual([]);
  });

  test("a changed audit policy is named with the restart it needs", async () => {
    const rig = await rigOf();
    await rig.bring();
    const host = rig.hosts.host("cp-2");
    host.files.write(auditPolicyPath, { content: "rules: [{ level: None }]\n", modifiedAt: 1_700_000_000 });
    const plan = await rig.plan(stepsOf(sample));
    expect(plan.steps.find((one) => one.id === "control-plane.roll/cp-2")).toMatchObject({
      state: "needed",
      changes: [
        { verb: "restart", what: "static pod kube-apiserver", because: expect.stringContaining(auditPolicyPath) },
      ],
    });
    expect(plan.steps.filter((one) => one.state !== "satisfied")).toHaveLength(1);
  });
});
