import { beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { type FakeHosts, fakeHosts } from "../../../test/support/fake-hosts.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import { type FakeLinux, fakeLinux } from "../../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleHost, sampleSpec } from "../../../test/support/sample-spec.ts";
import type { StepId } from "../../engine/step.ts";
import { kubeletConfigurationOf } from "./kubelet-configuration.ts";
import { kubeletStep } from "./kubelet-step.ts";
import { kubeletLock } from "./nodes-layout.ts";

const host = sampleHost("cp-1", "10.0.0.11", ["control-plane"]);
const spec = sampleSpec({ hosts: [host] });
const step = kubeletStep(spec, host, "join/cp-1" as StepId);
const gibibyte = 2 ** 30;
const declared = kubeletConfigurationOf(spec, host, {
  cgroupVersion: 2,
  systemdResolved: false,
  size: { processors: 4, memoryBytes: 8 * gibibyte, kubeletDiskBytes: 100 * gibibyte },
});
const written = stringify({ ...declared, containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock" });
const path = "/var/lib/kubelet/config.yaml";
let kube: FakeKube;
let linux: FakeLinux;
let hosts: FakeHosts;
let kubeadm: string[];

beforeEach(async () => {
  kube = new FakeKube();
  linux = fakeLinux();
  kubeadm = [];
  hosts = fakeHosts({
    base: linux,
    hosts: {
      "cp-1": {
        files: {
          ...kube.files,
          [path]: written,
          "/etc/kubernetes/kubelet.conf": "",
          "/proc/meminfo": `MemTotal: ${8 * 2 ** 20} kB\nMemAvailable: 1000 kB\n`,
        },
        runs: [
          kube.run,
          { argv: ["nproc"], answer: "4\n" },
          {
            argv: ["df"],
            answer: `Filesystem Type 1B-blocks Used Avail Mounted File\n/dev/sda1 ext4 ${100 * gibibyte} 1 1 / /\n`,
          },
          {
            argv: ["flock"],
            answer: (call) => {
              kubeadm.push(call.argv.slice(4).join(" "));
              call.host.files.write(path, written);
              return "";
            },
          },
        ],
      },
    },
  });
  linux.unitsOf(hosts.session("cp-1")).set("kubelet.service", { ...loaded });
  await hosts.session("cp-1").change({ kind: "run", argv: ["systemctl", "restart", "--", "kubelet.service"] });
  hosts.session("cp-1").changes.length = 0;
  node("True");
  lease("2030-01-01T00:00:00.000000Z");
});

const loaded = {
  load: "loaded",
  active: "active",
  sub: "running",
  unitFile: "enabled",
  startedAt: 0,
  changedAt: 0,
  needsDaemonReload: false,
} as const;

function node(status: string, message = "kubelet is posting ready status", heartbeat?: string): void {
  const told = heartbeat === undefined ? {} : { lastHeartbeatTime: heartbeat };
  kube.put({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "cp-1" },
    status: { conditions: [{ type: "Ready", status, message, ...told }] },
  });
}

function lease(renewTime: string): void {
  kube.put({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "cp-1", namespace: "kube-node-lease" },
    spec: { renewTime },
  });
}

const look = () => lookAt(hosts, "cp-1");
const verdicts = () => Promise.all(step.verify.map((condition) => condition.holds(look())));

describe("the step for a node's kubelet", () => {
  test("has nothing to do where kubeadm wrote what is declared, and kubelet runs with it", async () => {
    expect(await step.check(look())).toMatchObject({ state: "satisfied" });
    expect(await verdicts()).toEqual([{ state: "met" }, { state: "met" }]);
  });

  test("waits for the host to join", async () => {
    await hosts.session("cp-1").change({ kind: "remove", path: "/etc/kubernetes/kubelet.conf" });
    expect(await step.check(look())).toMatchObject({ state: "unknown", until: "join/cp-1" });
  });

  test("names edited fields, has kubeadm write the file anew, and restarts kubelet", async () => {
    const edited = written.replace("maxPods: 110", "maxPods: 250").replace("podPidsLimit: 4096\n", "");
    await hosts.session("cp-1").change({ kind: "write", path, content: edited, mode: 0o644 });
    const check = await step.check(look());
    if (check.state !== "needed") throw new Error(check.state);
    expect(check.changes).toMatchObject([
      { verb: "update", what: `file ${path}`, because: "2 fields differ from the cluster file" },
      { verb: "restart", what: "service kubelet.service" },
    ]);
    expect(check.changes[0].diff).toBe("@@ -1,1 +1,2 @@\n-maxPods: 250\n+maxPods: 110\n+podPidsLimit: 4096");
    await step.apply(actOn(hosts, "cp-1"), check.found);
    expect(kubeadm).toEqual(["kubeadm upgrade node phase kubelet-config --patches /etc/kubernetes/slipway/patches"]);
    expect(hosts.session("cp-1").commands().at(-1)).toBe("systemctl restart -- kubelet.service");
    expect(await step.check(look())).toMatchObject({ state: "satisfied" });
  });

  test("restarts a kubelet that is older than its configuration", async () => {
    await hosts.session("cp-1").change({ kind: "write", path, content: written, mode: 0o644 });
    expect(await step.check(look())).toMatchObject({
      state: "needed",
      changes: [{ verb: "restart", because: `the running process is older than ${path}` }],
    });
    expect(kubeadm).toEqual([]);
  });

  test("gives a kubelet without a configuration one", async () => {
    await hosts.session("cp-1").change({ kind: "remove", path });
    const check = await step.check(look());
    if (check.state !== "needed") throw new Error(check.state);
    expect(check.changes[0]).toMatchObject({ verb: "create", what: `file ${path}` });
    await step.apply(actOn(hosts, "cp-1"), check.found);
    expect(kubeadm).toHaveLength(1);
  });

  test("takes a file that is no YAML for one in which everything is wrong", async () => {
    await hosts.session("cp-1").change({ kind: "write", path, content: "a: [\n", mode: 0o644 });
    expect(await step.check(look())).toMatchObject({ state: "needed", changes: [{ what: `file ${path}` }, {}] });
  });

  test("does not take a node for Ready by what the kubelet before said", async () => {
    lease("2020-01-01T00:00:00.000000Z");
    expect(await step.check(look())).toMatchObject({
      state: "needed",
      changes: [{ verb: "run", because: "kubelet has not reported since it was started" }],
    });
  });

  test("takes the heartbeat of a kubelet that has just registered for its report, before it has a lease", async () => {
    lease("2020-01-01T00:00:00.000000Z");
    node("True", "kubelet is posting ready status", "2020-01-01T00:00:00Z");
    expect((await verdicts())[1]).toMatchObject({ because: "kubelet has not reported since it was started" });
    node("True", "kubelet is posting ready status", "2030-01-01T00:00:00Z");
    expect((await verdicts())[1]).toEqual({ state: "met" });
  });

  test("takes a node for good that only waits for its network", async () => {
    node("False", "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady");
    expect((await verdicts())[1]).toEqual({ state: "met" });
    node("False", "PLEG is not healthy");
    expect((await verdicts())[1]).toEqual({ state: "not-yet", because: "PLEG is not healthy" });
  });
});

describe("the locks kubelets restart under", () => {
  const lockOf = (workers: number, index: number, pool = "default") => {
    const hostsOfPool = Array.from({ length: workers }, (_, n) => ({
      ...sampleHost(`w-${n}`, `10.0.1.${n}`, ["worker"]),
      pool,
    }));
    const all = sampleSpec({ hosts: [host, ...hostsOfPool] });
    return kubeletLock(all, all.hosts[index] ?? host);
  };

  test("let one worker of a small pool at a time, and a tenth of a large one", () => {
    const locks = (count: number) => new Set(Array.from({ length: count }, (_, n) => lockOf(count, n + 1)));
    expect(locks(3).size).toBe(1);
    expect(locks(19).size).toBe(1);
    expect(locks(40).size).toBe(4);
  });

  test("are of each pool's own, and control planes take turns", () => {
    expect(lockOf(3, 1, "batch")).not.toBe(lockOf(3, 1, "web"));
    expect(lockOf(3, 0)).toBe("kubelet-rollout/control-plane");
  });
});
