import { apiServerPort } from "../cluster-spec.ts";
import { etcdTopology, runsMember } from "../derived-values.ts";
import { isNode } from "../hosts-by-role.ts";
import type { HostEntry, Sections } from "../schema/cluster-file-schema.ts";
import type { FieldPath } from "../yaml/path-locator.ts";
import type { Rule } from "./rule.ts";

interface Listener {
  readonly port: number;
  readonly what: string;
  /** The field that moves it; absent for ports Kubernetes fixes. */
  readonly path?: FieldPath;
}

/**
 * No two programs of a host listen on the same port. Kubernetes' ports:
 * https://kubernetes.io/docs/reference/networking/ports-and-protocols/ (2026-11-21)
 */
export const hostPorts: Rule = ({ hosts, endpoint, etcd, loadBalancer, runtime }, report) => {
  if (!hosts || !endpoint || !etcd || !loadBalancer || !runtime) return;
  const topology = etcdTopology(etcd, hosts);
  const kinds = Map.groupBy(hosts, (host) => [...host.roles].sort().join(" "));
  const reported = new Set<string>();
  for (const [host] of kinds.values()) {
    if (host === undefined) continue;
    const listeners = listenersOf(host, { endpoint, etcd, loadBalancer, runtime }, runsMember(topology, host));
    const firsts = new Map<number, Listener>();
    for (const listener of listeners) {
      const first = firsts.get(listener.port);
      if (first === undefined) {
        firsts.set(listener.port, listener);
        continue;
      }
      const movable = listener.path ?? first.path ?? ["spec", "hosts"];
      const other = listener.path === undefined ? listener : first;
      const identity = `${listener.what} ${first.what}`;
      if (reported.has(identity)) continue;
      reported.add(identity);
      report.error("config/port-conflict", movable, {
        message: `port ${listener.port} is taken twice on host ${host.name}`,
        because: `${first.what} and ${listener.what} both listen on ${listener.port}${other.path === undefined ? "" : ` (${report.placeOf(other.path)})`}`,
        hint: { text: "give one of them another port, or put the roles on different hosts" },
      });
    }
  }
};

function listenersOf(
  host: HostEntry,
  spec: Pick<Sections, "endpoint" | "etcd" | "loadBalancer" | "runtime">,
  hasMember: boolean,
): Listener[] {
  const listeners: Listener[] = [{ port: 22, what: "sshd" }];
  if (host.roles.includes("control-plane")) {
    listeners.push(
      { port: apiServerPort, what: "the API server" },
      { port: 10_257, what: "kube-controller-manager" },
      { port: 10_259, what: "kube-scheduler" },
    );
  }
  if (isNode(host)) {
    listeners.push(
      { port: 10_250, what: "kubelet" },
      { port: 10_248, what: "kubelet's health check" },
      { port: 10_249, what: "kube-proxy's metrics" },
      { port: 10_256, what: "kube-proxy" },
      {
        port: Number(spec.runtime.metricsAddress.replace(/^.*:/, "")),
        what: "containerd's metrics",
        path: ["spec", "runtime", "metricsAddress"],
      },
    );
  }
  if (hasMember) {
    listeners.push(
      { port: spec.etcd.clientPort, what: "etcd for clients", path: ["spec", "etcd", "clientPort"] },
      { port: spec.etcd.peerPort, what: "etcd for members", path: ["spec", "etcd", "peerPort"] },
      { port: spec.etcd.metricsPort, what: "etcd's metrics", path: ["spec", "etcd", "metricsPort"] },
    );
  }
  if (host.roles.includes("load-balancer")) {
    listeners.push(
      { port: spec.endpoint.port, what: "the load balancer", path: ["spec", "endpoint", "port"] },
      { port: spec.loadBalancer.statsPort, what: "HAProxy's statistics", path: ["spec", "loadBalancer", "statsPort"] },
      ...spec.loadBalancer.passthrough.map(({ port }, index) => ({
        port,
        what: `passthrough ${index + 1}`,
        path: ["spec", "loadBalancer", "passthrough", index, "port"],
      })),
    );
  }
  return listeners;
}
