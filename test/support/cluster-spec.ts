import type { HostName } from "../../src/hosts/port.ts";
import type { ClusterSpec, HostSpec, Role } from "../../src/spec/cluster-spec.ts";
import { sampleKubernetes } from "./sample-kubernetes.ts";

/** A host of a spec for tests. */
export function hostSpec(name: string, roles: readonly Role[], address = "10.10.0.11"): HostSpec {
  return {
    name: name as HostName,
    address,
    roles,
    ssh: { host: address, sudo: "none" },
    pool: "default",
    labels: {},
    taints: [],
  };
}

/** A whole, valid spec: two load balancers, three control planes with etcd, two workers. `with` replaces parts of it. */
export function clusterSpec(replaced: Partial<ClusterSpec> = {}): ClusterSpec {
  return {
    name: "test",
    kubernetes: sampleKubernetes,
    pools: { default: {} },
    addons: { dns: { replicas: 2, nodeLocal: true }, metricsServer: true },
    namespaces: [],
    teams: [],
    hosts: [
      hostSpec("lb-1", ["load-balancer"], "10.10.0.21"),
      hostSpec("lb-2", ["load-balancer"], "10.10.0.22"),
      ...[1, 2, 3].map((n) => hostSpec(`cp-${n}`, ["control-plane", "etcd"], `10.10.0.1${n}`)),
      ...[1, 2].map((n) => hostSpec(`w-${n}`, ["worker"], `10.10.1.1${n}`)),
    ],
    endpoint: {
      kind: "virtual-ip",
      name: "api.test.example",
      address: "10.10.0.10",
      prefix: 24,
      port: 6443,
      routerId: 51,
      vrrp: "unicast",
      failover: "authenticated",
    },
    etcd: {
      topology: "external",
      dataDir: "/var/lib/etcd",
      quotaBackendBytes: 8 * 1024 ** 3,
      autoCompaction: { mode: "periodic", retention: "8h" },
      snapshotCount: 10_000,
      heartbeatMs: 100,
      electionMs: 1_000,
      clientPort: 2379,
      peerPort: 2380,
      metricsPort: 2381,
      source: { from: "distribution" },
    },
    network: {
      podCidr: "10.244.0.0/16",
      serviceCidr: "10.96.0.0/16",
      nodePrefix: 24,
      dnsDomain: "cluster.local",
      maxPodsPerNode: 110,
      plugin: { kind: "bridge" },
    },
    runtime: {
      source: { from: "package" },
      package: "containerd",
      pauseImage: "registry.k8s.io/pause:3.10.1",
      maxConcurrentDownloads: 6,
      mirrors: {},
      metricsAddress: "127.0.0.1:1338",
      cgroupDriver: "auto",
      restrictOomScoreAdj: "auto",
    },
    os: { timeServers: ["0.pool.ntp.org", "10.10.0.1"], sysctls: {}, packages: [], storageClients: false },
    loadBalancer: { statsPort: 8404, passthrough: [] },
    artifacts: { kubernetesBaseUrl: "https://dl.k8s.io", filesBaseUrl: "https://github.com" },
    preflight: { downgrade: [] },
    ssh: { maxConnections: 64, keepAliveSeconds: 60 },
    ...replaced,
  };
}
