import { describe, expect, test } from "vitest";
import { type BareHost, bareHosts } from "../../test/support/bare-hosts.ts";
import type { FakeRun } from "../../test/support/fake-host-script.ts";
import { FakeKube } from "../../test/support/fake-kube.ts";
import { sampleSpec } from "../../test/support/sample-spec.ts";
import type { ClusterStatus } from "./cluster-status.ts";
import { readClusterStatus } from "./read-cluster-status.ts";
import { statusExitCode } from "./status-exit-code.ts";
import { statusText } from "./status-text.ts";

const spec = sampleSpec();
const now = new Date("2026-11-21T12:00:00Z");
const common = ["chrony.service"];
const nodeUnits = [...common, "containerd.service"];

/** What etcdctl says on the host with this member; ids are decimal in its JSON. */
function etcdctl(own: number, health: { readonly healthy: boolean } = { healthy: true }): readonly FakeRun[] {
  const members = [1, 2, 3].map((id) => ({
    ID: id,
    name: `cp-${id}`,
    peerURLs: [`https://10.0.0.1${id}:2380`],
    clientURLs: [`https://10.0.0.1${id}:2379`],
  }));
  const header = { cluster_id: 77, member_id: own, revision: 5, raft_term: 2 };
  const status = [
    {
      Endpoint: "https://127.0.0.1:2379",
      Status: {
        header,
        version: "3.5.30",
        dbSize: 20_480,
        dbSizeInUse: 16_384,
        leader: 2,
        raftIndex: 9,
        raftTerm: 2,
        raftAppliedIndex: 9,
      },
    },
  ];
  const endpoint = [
    {
      endpoint: "https://127.0.0.1:2379",
      health: health.healthy,
      took: "1.5ms",
      ...(health.healthy ? {} : { error: "context deadline exceeded" }),
    },
  ];
  return [
    {
      argv: ["etcdctl"],
      answer: ({ argv }) => {
        const words = argv.join(" ");
        if (words.includes("member list")) return JSON.stringify({ header, members });
        if (words.includes("endpoint status")) return JSON.stringify(status);
        return { exitCode: health.healthy ? 0 : 1, stdout: JSON.stringify(endpoint) };
      },
    },
  ];
}

const haproxy = (status: string): FakeRun => ({
  argv: ["curl"],
  answer: `# pxname,svname,status,weight,type,addr,check_status\nkube-apiserver,cp-1,${status},1,2,10.0.0.11:6443,L4CON\nkube-apiserver,FRONTEND,OPEN,,0,,\n`,
});

/** A cluster as apply leaves it: everything runs, Kubernetes is not there yet. */
function installed(over: Readonly<Record<string, BareHost | undefined>> = {}) {
  const node = { activeUnits: nodeUnits };
  const etcd = (own: number): BareHost => ({ activeUnits: [...nodeUnits, "etcd.service"], runs: etcdctl(own) });
  const balancer: BareHost = {
    activeUnits: [...common, "haproxy.service", "keepalived.service"],
    runs: [haproxy("DOWN")],
  };
  return bareHosts(spec, {
    "lb-1": { ...balancer, moreAddresses: ["10.0.0.10"] },
    "lb-2": balancer,
    "cp-1": etcd(1),
    "cp-2": etcd(2),
    "cp-3": etcd(3),
    "w-1": node,
    "w-2": node,
    ...over,
  });
}

const codes = (status: ClusterStatus) => status.findings.map((problem) => problem.code);

describe("readClusterStatus", () => {
  test("finds a cluster healthy in one round trip per host, and one more where etcd runs", async () => {
    const hosts = installed();
    const status = await readClusterStatus(spec, hosts, { now });
    expect(status.findings).toEqual([]);
    expect(status.health).toBe("healthy");
    expect(status.entryPoint).toMatchObject({ address: "10.0.0.10:6443", holders: ["lb-1"] });
    expect(status.etcd).toMatchObject({ answering: 3, voting: 3, leader: { name: "cp-2" } });
    expect(status.hosts.map((host) => host.host)).toEqual(spec.hosts.map((host) => host.name));
    for (const { name, roles } of spec.hosts) {
      expect(hosts.host(name).roundTrips).toBeLessThanOrEqual(roles.includes("etcd") ? 2 : 1);
    }
    expect(statusExitCode(status)).toBe(0);
  });

  test("changes nothing", async () => {
    const hosts = installed();
    await readClusterStatus(spec, hosts, { now });
    for (const { name } of spec.hosts) expect(hosts.host(name).changes).toEqual([]);
  });

  test("says so when nothing is installed", async () => {
    const status = await readClusterStatus(spec, bareHosts(spec), { now });
    expect(status.health).toBe("not-installed");
    expect(statusExitCode(status)).toBe(0);
    expect(statusText(status, { colors: false, width: 120 })).toContain("slipway apply");
  });

  test("lists an unreachable host and still judges the others", async () => {
    const status = await readClusterStatus(spec, installed({ "w-2": undefined }), { now });
    expect(status.unreachable.map((one) => one.host)).toEqual(["w-2"]);
    expect(status.health).toBe("degraded");
    expect(status.hosts).toHaveLength(6);
    expect(statusExitCode(status)).toBe(5);
  });

  test("lists a host whose answer makes no sense instead of failing", async () => {
    const status = await readClusterStatus(spec, installed({ "w-2": { kernel: "none" } }), { now });
    expect(status.unreachable[0]?.problem.code).toBe("host/output-not-understood");
  });

  test("names a service that does not run", async () => {
    const status = await readClusterStatus(spec, installed({ "w-1": { activeUnits: common } }), { now });
    expect(status.health).toBe("degraded");
    expect(status.findings.map((one) => one.message)).toEqual(["w-1: containerd is not running"]);
    expect(statusExitCode(status)).toBe(6);
  });

  test("names an unhealthy member, and does not call the quorum lost", async () => {
    const sick: BareHost = { activeUnits: [...nodeUnits, "etcd.service"], runs: etcdctl(3, { healthy: false }) };
    const status = await readClusterStatus(spec, installed({ "cp-3": sick }), { now });
    expect(codes(status)).toEqual(["etcd/member-unhealthy"]);
    expect(status.findings[0]?.because).toMatch(/^2 of 3 voting members are healthy, 2 are needed/);
  });

  test("calls the quorum lost when two of three do not serve", async () => {
    const sick = (own: number): BareHost => ({
      activeUnits: [...nodeUnits, "etcd.service"],
      runs: etcdctl(own, { healthy: false }),
    });
    const status = await readClusterStatus(spec, installed({ "cp-2": sick(2), "cp-3": sick(3) }), { now });
    expect(codes(status)).toEqual(["etcd/quorum-lost"]);
  });

  test("names a virtual IP on nobody, and one on two", async () => {
    const up: BareHost = { activeUnits: [...common, "haproxy.service", "keepalived.service"] };
    const nobody = await readClusterStatus(spec, installed({ "lb-1": up }), { now });
    expect(nobody.findings[0]?.because).toBe("no load balancer that answers has it");
    const both = { ...up, moreAddresses: ["10.0.0.10"] };
    const two = await readClusterStatus(spec, installed({ "lb-1": both, "lb-2": both }), { now });
    expect(two.findings[0]?.because).toBe("lb-1 and lb-2 have it");
  });

  test("misses API servers only once Kubernetes is installed", async () => {
    const withKubelet: BareHost = { activeUnits: [...nodeUnits, "kubelet.service"] };
    const status = await readClusterStatus(spec, installed({ "w-1": withKubelet, "w-2": withKubelet }), { now });
    expect(codes(status)).toEqual(["load-balancer/server-down", "load-balancer/server-down"]);
    expect(codes(await readClusterStatus(spec, installed(), { now }))).toEqual([]);
  });

  test("warns of disk and memory that run out, without calling it degraded", async () => {
    const full: BareHost = { activeUnits: nodeUnits, diskGb: 500, freeGb: 10 };
    const status = await readClusterStatus(spec, installed({ "w-1": full }), { now });
    expect(codes(status)).toEqual(["host/disk-full"]);
    expect(status.health).toBe("healthy");
  });

  test("stops when it is aborted", async () => {
    const controller = new AbortController();
    controller.abort(new Error("interrupted"));
    await expect(readClusterStatus(spec, installed(), { now, signal: controller.signal })).rejects.toThrow(
      "interrupted",
    );
  });
});

describe("the status of Kubernetes", () => {
  const object = (kind: string, name: string, over: object) => ({
    apiVersion: kind === "Node" ? "v1" : "apps/v1",
    kind,
    metadata: kind === "Node" ? { name } : { name, namespace: "kube-system" },
    ...over,
  });
  const ready = { conditions: [{ type: "Ready", status: "True" }], nodeInfo: { kubeletVersion: "v1.36.2" } };

  function running() {
    const kube = new FakeKube();
    kube.intercept = ({ path }) => (path === "/readyz" ? { status: 200, body: "ok" } : undefined);
    for (const name of ["cp-1", "cp-2", "cp-3", "w-1", "w-2"]) kube.put(object("Node", name, { status: ready }));
    const well = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
    kube.put(object("Deployment", "coredns", { spec: { replicas: 2 }, status: well }));
    const node = (own: number) => ({
      activeUnits: [...nodeUnits, "etcd.service", "kubelet.service"],
      runs: [kube.run, ...etcdctl(own)],
    });
    const worker = { activeUnits: [...nodeUnits, "kubelet.service"] };
    const balancer = { activeUnits: [...common, "haproxy.service", "keepalived.service"], runs: [haproxy("UP")] };
    const hosts = installed({
      "lb-1": { ...balancer, moreAddresses: ["10.0.0.10"] },
      "lb-2": balancer,
      "cp-1": node(1),
      "cp-2": node(2),
      "cp-3": node(3),
      "w-1": worker,
      "w-2": worker,
    });
    for (const name of ["cp-1", "cp-2", "cp-3"])
      hosts.host(name).files.write("/etc/kubernetes/manifests/kube-apiserver.yaml", "");
    return { kube, hosts };
  }

  test("is one line when all is well, and costs control planes one more round trip", async () => {
    const { hosts } = running();
    const status = await readClusterStatus(spec, hosts, { now });
    expect(status.findings).toEqual([]);
    expect(statusText(status, { colors: false, width: 120 })).toContain(
      "kubernetes v1.36.2: 3 of 3 API servers ready, 5 of 5 nodes Ready, 1 of 1 system workload ready",
    );
    expect(hosts.host("cp-1").roundTrips).toBeLessThanOrEqual(3);
    expect(hosts.host("w-1").roundTrips).toBe(1);
  });

  test("names what is not well", async () => {
    const { kube, hosts } = running();
    kube.intercept = ({ path }) => (path === "/readyz" ? { status: 200, body: "ok" } : undefined);
    const down = { conditions: [{ type: "Ready", status: "Unknown", reason: "NodeStatusUnknown", message: "gone" }] };
    kube.put(object("Node", "w-1", { status: down, spec: { unschedulable: true } }));
    kube.put(object("Deployment", "coredns", { spec: { replicas: 2 }, status: { updatedReplicas: 2, replicas: 2 } }));
    const status = await readClusterStatus(spec, hosts, { now });
    expect(codes(status)).toEqual([
      "kubernetes/node-not-ready",
      "kubernetes/workload-not-ready",
      "kubernetes/node-cordoned",
    ]);
    expect(status.findings[0]?.because).toBe("NodeStatusUnknown: gone");
    expect(status.health).toBe("degraded");
  });

  test("names API servers that are not ready, and what of them fails", async () => {
    const { kube, hosts } = running();
    kube.intercept = ({ path }) =>
      path === "/readyz"
        ? { status: 500, body: "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed" }
        : undefined;
    const status = await readClusterStatus(spec, hosts, { now });
    expect(codes(status)).toEqual(Array(3).fill("kubernetes/api-server-not-ready"));
    expect(status.findings[0]?.because).toBe("failed: etcd");
    expect(statusText(status, { colors: false, width: 120 })).toContain("kubernetes 0 of 3 API servers ready");
  });
});

describe("statusText", () => {
  test("shows hosts, entry point and etcd on one screen", async () => {
    const status = await readClusterStatus(spec, installed(), { now });
    const text = statusText(status, { colors: false, width: 120 });
    expect(text).toContain("demo is healthy");
    expect(text).toContain("entry point 10.0.0.10:6443 on lb-1");
    expect(text).toContain("backend kube-apiserver: 0 of 1 server up");
    expect(text).toContain("API servers come with Kubernetes, which is not installed yet");
    expect(text).toContain("etcd 3 of 3 voting members healthy, 1 may fail");
    expect(text).toMatch(/cp-2 +leader +healthy +3\.5\.30 +20 KiB +1\.5 ms/);
    expect(text).toMatch(/w-1 +chrony, containerd +0\.52 +50 % +50 % +2 h 03 min/);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });

  test("stays readable with 500 hosts", async () => {
    const status = await readClusterStatus(spec, installed(), { now });
    const [host] = status.hosts.slice(-1);
    if (host === undefined) throw new TypeError("no host");
    const many = {
      ...status,
      hosts: Array.from({ length: 500 }, (_, at) => ({ ...host, host: `w-${at}` as typeof host.host })),
    };
    expect(statusText(many, { colors: false, width: 120 })).toContain("500 hosts more, all services running");
  });
});
