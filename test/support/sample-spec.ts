import type { HostName } from "../../src/hosts/port.ts";
import type { ClusterSpec, HostSpec, Role } from "../../src/spec/cluster-spec.ts";
import { sampleKubernetes } from "./sample-kubernetes.ts";

/** A host as the cluster file resolves it: "cp-1", "10.0.0.11", ["control-plane", "etcd"]. */
export function sampleHost(name: string, address: string, roles: readonly Role[]): HostSpec {
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

/** The seven machines of the issue: two load balancers, three control planes with external etcd, two workers. `over` replaces parts of it. */
export function sampleSpec(over: Partial<ClusterSpec> = {}): ClusterSpec {
  return {
    name: "demo",
    kubernetes: sampleKubernetes,
    pools: { default: {} },
    addons: { dns: { replicas: 2, nodeLocal: true }, metricsServer: true },
    namespaces: [],
    teams: [],
    hosts: [
      sampleHost("lb-1", "10.0.0.21", ["load-balancer"]),
      sampleHost("lb-2", "10.0.0.22", ["load-balancer"]),
      sampleHost("cp-1", "10.0.0.11", ["control-plane", "etcd"]),
      sampleHost("cp-2", "10.0.0.12", ["control-plane", "etcd"]),
      sampleHost("cp-3", "10.0.0.13", ["control-plane", "etcd"]),
      sampleHost("w-1", "10.0.0.31", ["worker"]),
      sampleHost("w-2", "10.0.0.32", ["worker"]),
    ],
    endpoint: {
      kind: "virtual-ip",
      address: "10.0.0.10",
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
      autoCompaction: { mode: "periodic", retention: "1h" },
      snapshotCount: 10_000,
      heartbeatMs: 100,
      electionMs: 1000,
      clientPort: 2379,
      peerPort: 2380,
      metricsPort: 2381,
      source: { from: "distribution" },
    },
    network: {
      podCidr: "10.244.0.0/16",
      serviceCidr: "10.96.0.0/12",
      nodePrefix: 24,
      dnsDomain: "cluster.local",
      maxPodsPerNode: 110,
      plugin: { kind: "bridge" },
    },
    runtime: {
      source: { from: "package" },
      package: "containerd",
      pauseImage: "registry.k8s.io/pause:3.10.1",
      maxConcurrentDownloads: 10,
      mirrors: {},
      metricsAddress: "127.0.0.1:1338",
      cgroupDriver: "auto",
      restrictOomScoreAdj: "auto",
    },
    os: { timeServers: ["0.pool.ntp.org", "10.0.0.1"], sysctls: {}, packages: [], storageClients: false },
    loadBalancer: { statsPort: 9000, passthrough: [] },
    artifacts: { kubernetesBaseUrl: "https://dl.k8s.io", filesBaseUrl: "https://files.example.org" },
    preflight: { downgrade: [] },
    ssh: { maxConnections: 64, keepAliveSeconds: 60 },
    ...over,
  };
}
