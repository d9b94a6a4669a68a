import { createColors } from "picocolors";
import type { EtcdMemberStatus } from "../cluster/etcd-status.ts";
import { compareNames, foldedNames } from "../problems/fold-names.ts";
import { foldProblems } from "../problems/fold-problems.ts";
import { formatDuration } from "../problems/format-duration.ts";
import { formatProblem, type TextOptions } from "../problems/format-problem.ts";
import { formatProblems } from "../problems/format-problems.ts";
import { printableText } from "../problems/printable-text.ts";
import { countOf } from "../report/count-of.ts";
import { sizeText } from "../report/size-text.ts";
import { table } from "../report/table.ts";
import type { ClusterStatus, HostStatus, ServiceStatus, Usage } from "./cluster-status.ts";
import { isKubernetesInstalled } from "./judge-cluster.ts";

/** Up to so many hosts each have a line; above, only those that are not as they should be, and a count. */
const hostsShown = 40;

/** How the status is printed. */
export interface StatusTextOptions extends TextOptions {
  /** The command that installs what is not there; default "slipway apply". */
  readonly apply?: string;
}

/** Status for people: one line of judgement, hosts, entry point, etcd, certificates, and what is wrong. */
export function statusText(status: ClusterStatus, options: StatusTextOptions): string {
  const colors = createColors(options.colors);
  const health = {
    healthy: colors.green("healthy"),
    degraded: colors.red("degraded"),
    "not-installed": colors.yellow("not installed"),
  }[status.health];
  const sections = [
    `${colors.bold(printableText(status.cluster))} is ${health}`,
    hostLines(status, options),
    entryPointLines(status),
    etcdLines(status, options),
    kubernetesLine(status),
    certificateLine(status),
    foldProblems(status.unreachable.map(({ problem }) => problem))
      .map((problem) => formatProblem(problem, options))
      .join("\n\n"),
    formatProblems(status.findings, options),
    status.health === "not-installed"
      ? `Nothing of it is installed yet: ${printableText(options.apply ?? "slipway apply")}`
      : "",
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

function hostLines({ hosts }: ClusterStatus, options: TextOptions): string {
  const colors = createColors(options.colors);
  const later = isKubernetesInstalled(hosts) ? undefined : "kubelet";
  const shownServices = (host: HostStatus) => host.services.filter((one) => one.name !== later);
  const isWell = (host: HostStatus) => shownServices(host).every((one) => one.state === "running");
  const listed = hosts.length <= hostsShown ? hosts : hosts.filter((host) => !isWell(host)).slice(0, hostsShown);
  const left = hosts.length - listed.length;
  const lines = table(
    listed,
    [
      { title: "host", value: (row) => row.host },
      {
        title: "services",
        value: (row) => servicesText(shownServices(row)),
        paint: (cell, row) => (isWell(row) ? cell : colors.red(cell)),
      },
      { title: "load", value: (row) => row.load[0].toFixed(2), align: "right" },
      { title: "memory", value: (row) => percentOf(row.memory), align: "right" },
      { title: "disk", value: (row) => percentOf(row.disk), align: "right" },
      { title: "up", value: (row) => uptime(row.uptimeSeconds), align: "right" },
      { title: "system", value: (row) => row.os.replace(" GNU/Linux", "") },
    ],
    options.width === undefined ? {} : { width: options.width },
  );
  if (hosts.length === 0) return "";
  return left === 0
    ? lines
    : `${listed.length === 0 ? "" : `${lines}\n`}${countOf(left, "host")} more, all services running`;
}

/** The services when all run: "chrony, etcd"; else those that do not: "etcd failed, chrony stopped". */
function servicesText(services: readonly ServiceStatus[]): string {
  const others = services.filter((one) => one.state !== "running");
  if (others.length > 0 && others.every((one) => one.state === "not-installed") && others.length === services.length) {
    return "none installed";
  }
  if (others.length === 0) return services.map((one) => one.name).join(", ");
  return others.map((one) => `${one.name} ${one.state.replace("-", " ")}`).join(", ");
}

function entryPointLines({ entryPoint, health, hosts }: ClusterStatus): string {
  if (health === "not-installed") return "";
  const { address, holders, kind, loadBalancers } = entryPoint;
  const where = kind === "virtual-ip" ? ` on ${holders.length === 0 ? "no host" : foldedNames(holders)}` : ` (${kind})`;
  const lines = [`entry point ${printableText(address)}${where}`];
  const servers = loadBalancers.flatMap(({ servers: own }) => own ?? []);
  const isUp = (one: (typeof servers)[number]) => one.status.startsWith("UP") || one.status === "no check";
  for (const backend of new Set(servers.map((one) => one.backend))) {
    const own = servers.filter((one) => one.backend === backend);
    const names = new Set(own.map((one) => one.name));
    const up = [...names].filter((name) => own.some((one) => one.name === name && isUp(one)));
    lines.push(`  backend ${printableText(backend)}: ${up.length} of ${countOf(names.size, "server")} up`);
  }
  const silent = loadBalancers.filter((one) => one.servers === undefined).map((one) => one.host);
  if (silent.length > 0) lines.push(`  no statistics from HAProxy on ${foldedNames(silent)}`);
  if (servers.length > 0 && !isKubernetesInstalled(hosts)) {
    lines.push("  API servers come with Kubernetes, which is not installed yet");
  }
  return lines.join("\n");
}

function etcdLines({ etcd }: ClusterStatus, options: TextOptions): string {
  if (etcd === undefined || etcd.members.length === 0) return "";
  const rows = table(
    [...etcd.members].sort((one, other) => compareNames(one.name, other.name)),
    [
      { title: "member", value: (row) => row.name || row.id },
      { title: "role", value: etcdRole },
      { title: "health", value: (row) => (row.health.healthy ? "healthy" : "unhealthy") },
      { title: "version", value: (row) => row.status?.version },
      {
        title: "database",
        value: (row) => (row.status === undefined ? undefined : sizeText(row.status.dbSizeBytes)),
        align: "right",
      },
      {
        title: "took",
        value: (row) => (row.health.tookMs === undefined ? undefined : `${row.health.tookMs.toFixed(1)} ms`),
        align: "right",
      },
    ],
    options.width === undefined ? {} : { width: options.width },
  );
  const spare = etcd.quorum === undefined ? "" : `, ${Math.max(0, etcd.answering - etcd.quorum)} may fail`;
  return `etcd ${etcd.answering} of ${countOf(etcd.voting, "voting member")} healthy${spare}\n${rows}`;
}

function kubernetesLine({ kubernetes: { apiServers, objects } }: ClusterStatus): string {
  const ready = apiServers.filter((one) => one.state === "ready").length;
  if (apiServers.every((one) => one.state === "absent" || one.state === "unknown")) return "";
  const servers = `${ready} of ${countOf(apiServers.length, "API server")} ready`;
  if (objects === undefined) return `kubernetes ${servers}`;
  const { nodes, workloads } = objects;
  const versions = [...new Set(nodes.map((one) => one.kubeletVersion))].sort(compareNames).join(" and ");
  const wellNodes = nodes.filter((one) => one.notReady === undefined).length;
  const wellWorkloads = workloads.filter((one) => one.notReady === undefined).length;
  const ofNodes = `${wellNodes} of ${countOf(nodes.length, "node")} Ready`;
  const ofSystem = `${wellWorkloads} of ${countOf(workloads.length, "system workload")} ready`;
  return `kubernetes ${printableText(versions)}: ${servers}, ${ofNodes}, ${ofSystem}`;
}

/** Nothing for a voting member that does not answer: what it is now nobody knows. */
function etcdRole(member: EtcdMemberStatus): string | undefined {
  if (member.leader) return "leader";
  if (member.learner) return "learner";
  return member.status === undefined ? undefined : "follower";
}

function certificateLine({ certificates }: ClusterStatus): string {
  const [first] = certificates;
  if (first === undefined) return "";
  const days = first.daysLeft < 0 ? `${countOf(-first.daysLeft, "day")} ago` : `in ${countOf(first.daysLeft, "day")}`;
  return `certificates expire ${days} at the earliest: ${printableText(first.path)} on ${first.host}`;
}

function percentOf({ usedBytes, sizeBytes }: Usage): string {
  return sizeBytes === 0 ? "-" : `${Math.round((usedBytes / sizeBytes) * 100)} %`;
}

function uptime(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  return days >= 2 ? countOf(days, "day") : formatDuration(seconds * 1000);
}
