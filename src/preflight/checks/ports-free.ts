import { type ListeningPort, listeningPorts } from "../../facts/listening-ports.ts";
import { apiServerPort, type ClusterSpec, type HostSpec } from "../../spec/cluster-spec.ts";
import { isNode } from "../../spec/hosts-by-role.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { Finding, PreflightCheck } from "../check.ts";
import { runsEtcd } from "../hosts-by-duty.ts";

interface WantedPort {
  readonly port: number;
  /** What it is for: "the API server". */
  readonly for: string;
  /** Programs that may hold it: the one it is for, as the kernel names it (at most 15 characters). */
  readonly holders: readonly string[];
}

/** https://kubernetes.io/docs/reference/networking/ports-and-protocols/ (2026-11). */
const nodePorts = { first: 30000, last: 32767 };

/** Ports the host's roles need are free, or held by the very program that is meant to have them. */
export const portsFree: PreflightCheck = {
  name: "ports-free",
  asks: "ports the roles need",
  run: (context) =>
    judgeHosts(context, context.hosts, "every port that is needed is free or held by its own program", async (host) => {
      const listening = await context.fact(host.name, listeningPorts);
      if (listening === undefined) {
        return [
          {
            severity: "warning",
            message: "it is not known which ports are free",
            because: "ss is not installed",
            hint: { text: "install the package iproute2 (RHEL family: iproute)" },
          },
        ];
      }
      const taken = wantedPorts(context.spec, host).flatMap((wanted) => judgePort(wanted, listening));
      return [...taken, ...(host.roles.includes("worker") ? judgeNodePorts(listening) : [])];
    }),
};

/** Every port the host needs for its roles. */
export function wantedPorts(spec: ClusterSpec, host: HostSpec): readonly WantedPort[] {
  const { etcd, endpoint, loadBalancer, runtime } = spec;
  const wanted: WantedPort[] = [];
  const add = (port: number, use: string, ...holders: string[]) => wanted.push({ port, for: use, holders });
  if (host.roles.includes("load-balancer")) {
    add(endpoint.port, "the entry point of the cluster", "haproxy");
    add(loadBalancer.statsPort, "HAProxy's statistics", "haproxy");
    for (const { port } of loadBalancer.passthrough) add(port, "ingress traffic", "haproxy");
  }
  if (host.roles.includes("control-plane")) {
    add(
      apiServerPort,
      "the API server",
      "kube-apiserver",
      ...(host.roles.includes("load-balancer") ? ["haproxy"] : []),
    );
    add(10257, "the controller manager", "kube-controller");
    add(10259, "the scheduler", "kube-scheduler");
  }
  if (isNode(host)) {
    add(10250, "the kubelet", "kubelet");
    const metrics = /:(\d+)$/.exec(runtime.metricsAddress)?.[1];
    if (metrics !== undefined) add(Number(metrics), "containerd's metrics", "containerd");
  }
  if (runsEtcd(spec, host)) {
    add(etcd.clientPort, "clients of etcd", "etcd");
    add(etcd.peerPort, "etcd members", "etcd");
    add(etcd.metricsPort, "etcd's metrics", "etcd");
  }
  return wanted;
}

function judgePort(wanted: WantedPort, listening: readonly ListeningPort[]): readonly Omit<Finding, "host">[] {
  const strangers = listening.filter(
    (one) => one.port === wanted.port && !one.programs.some((program) => wanted.holders.includes(program)),
  );
  const [first] = strangers;
  if (first === undefined) return [];
  const holder = first.programs.join(", ") || "a program the kernel does not name";
  return [
    {
      severity: "error",
      message: `port ${wanted.port} is taken, which ${wanted.for} needs`,
      because: `${holder} listens on ${first.address}:${first.port}`,
      hint: {
        text: "stop the program or give it another port; see who it is",
        command: `ss -ltnp sport = :${wanted.port}`,
      },
    },
  ];
}

function judgeNodePorts(listening: readonly ListeningPort[]): readonly Omit<Finding, "host">[] {
  const inRange = listening.filter(
    (one) => one.port >= nodePorts.first && one.port <= nodePorts.last && !one.programs.includes("kube-proxy"),
  );
  if (inRange.length === 0) return [];
  const holders = inRange.map((one) => `${one.port} (${one.programs.join(", ") || "unknown"})`);
  return [
    {
      severity: "warning",
      message: "a program listens on a port that Kubernetes may hand out to a Service",
      because: `${[...new Set(holders)].join(", ")}; NodePorts are ${nodePorts.first}-${nodePorts.last}`,
      hint: { text: "give the program a port outside the range" },
    },
  ];
}
