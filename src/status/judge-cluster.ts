import { formatDuration } from "../problems/format-duration.ts";
import type { Hint, Problem } from "../problems/problem.ts";
import type { ClusterStatus, HostStatus, ServiceStatus } from "./cluster-status.ts";
import { judgeKubernetes } from "./judge-kubernetes.ts";

type Observed = Omit<ClusterStatus, "health" | "findings">;

/** A certificate is named from here on: renewals take a run, and a run takes a person. */
const certificateDays = { warning: 30, error: 0 };
/** Fuller than this, and the kubelet evicts pods soon; etcd stops when nothing is left. */
const fullShare = 0.9;
const lateMemoryShare = 0.95;

/** What does not run as it should, most important first, and what that makes of the cluster. */
export function judgeCluster(observed: Observed): Pick<ClusterStatus, "health" | "findings"> {
  const services = observed.hosts.flatMap((host) => host.services);
  const isNothingThere = services.length > 0 && services.every((one) => one.state === "not-installed");
  if (isNothingThere && observed.unreachable.length === 0) return { health: "not-installed", findings: [] };
  const findings = [
    ...judgeEtcd(observed),
    ...judgeKubernetes(observed.kubernetes),
    ...judgeEntryPoint(observed),
    ...observed.hosts.flatMap(judgeServices),
    ...judgeCertificates(observed),
    ...observed.hosts.flatMap(judgeRoom),
  ];
  const isDegraded = observed.unreachable.length > 0 || findings.some((one) => one.severity === "error");
  return { health: isDegraded ? "degraded" : "healthy", findings };
}

/** Whether Kubernetes is on any host yet; before that nobody misses its services and its API servers. */
export function isKubernetesInstalled(hosts: readonly HostStatus[]): boolean {
  const kubelets = hosts.flatMap((host) => host.services.filter((one) => one.name === "kubelet"));
  return kubelets.some((one) => one.state !== "not-installed" && one.state !== "unknown");
}

function judgeEtcd({ etcd }: Observed): readonly Problem[] {
  if (etcd === undefined || etcd.hosts.length === 0) return [];
  const silent = etcd.members.filter((member) => !member.health.healthy);
  const counts = `${etcd.answering} of ${etcd.voting} voting members are healthy, ${etcd.quorum ?? "?"} are needed to write`;
  const problems: Problem[] = [];
  if (etcd.quorum === undefined) {
    const because = etcd.hosts
      .map((view) => view.unreachable?.message ?? `${view.host}: ${view.health.because}`)
      .join("; ");
    problems.push(error("etcd/no-member-answers", "etcd: no member answers", because, membersHint));
  } else if (etcd.answering < etcd.quorum) {
    problems.push(
      error("etcd/quorum-lost", "etcd: the quorum is lost, and nothing can be written", counts, membersHint),
    );
  } else if (silent.length > 0) {
    const names = silent.map((member) => `${member.name || member.id}: ${member.health.because}`).join("; ");
    problems.push(
      error("etcd/member-unhealthy", "etcd: not every member is healthy", `${counts}; ${names}`, membersHint),
    );
  }
  if (etcd.foreign.length > 0) {
    const because = `${etcd.foreign.join(", ")} answers with another cluster's id`;
    problems.push(error("etcd/foreign-member", "etcd: a host runs a member of another cluster", because, membersHint));
  }
  if (etcd.alarms.length > 0) {
    const hint = { text: "free space and disarm the alarm once it is dealt with", command: "slipway etcd health" };
    problems.push(error("etcd/alarm", "etcd: a member has raised an alarm", etcd.alarms.join(", "), hint));
  }
  return problems;
}

const membersHint: Hint = { text: "see what each member says", command: "slipway etcd members" };

function judgeEntryPoint({ entryPoint, hosts, unreachable }: Observed): readonly Problem[] {
  const { address, holders, kind, loadBalancers } = entryPoint;
  const problems: Problem[] = [];
  const isAnyInstalled = hosts.some((host) =>
    host.services.some((one) => one.name === "keepalived" && one.state !== "not-installed"),
  );
  if (kind === "virtual-ip" && isAnyInstalled && holders.length !== 1) {
    const found = holders.length === 0 ? "no load balancer that answers has it" : `${holders.join(" and ")} have it`;
    const unknown = unreachable.length === 0 ? "" : `; ${unreachable.length} of the hosts could not be asked`;
    problems.push(
      error(
        "load-balancer/virtual-ip-misplaced",
        `the virtual IP ${address} is not on exactly one host`,
        found + unknown,
        {
          text: "see what Keepalived says on the load balancers",
          command: "journalctl -u keepalived -n 50",
        },
      ),
    );
  }
  if (!isKubernetesInstalled(hosts)) return problems;
  for (const { host, servers } of loadBalancers) {
    const down = servers?.filter((server) => !server.status.startsWith("UP") && server.status !== "no check") ?? [];
    if (down.length === 0) continue;
    const because = down.map((server) => `${server.backend}/${server.name} is ${server.status} (${server.check})`);
    problems.push({
      ...error("load-balancer/server-down", `${host}: HAProxy counts servers as down`, because.join(", "), {
        text: "see the hosts behind it",
        command: "slipway status",
      }),
      where: { host },
    });
  }
  return problems;
}

function judgeServices(host: HostStatus): readonly Problem[] {
  const isMissed = (one: ServiceStatus) =>
    one.state !== "running" && !(one.name === "kubelet" && one.state === "not-installed");
  return host.services.filter(isMissed).map((one) => ({
    ...error("host/service-not-running", `${host.host}: ${one.name} is not running`, one.because, {
      text: one.state === "not-installed" ? "apply installs it" : `see why on ${host.host}, then let apply start it`,
      command: one.state === "not-installed" ? "slipway apply" : `journalctl -u ${one.name} -n 50`,
    }),
    where: { host: host.host },
  }));
}

function judgeCertificates({ certificates }: Observed): readonly Problem[] {
  return certificates
    .filter((one) => one.daysLeft < certificateDays.warning)
    .map((one) => {
      const isExpired = one.daysLeft < certificateDays.error;
      return {
        code: isExpired ? "certificate/expired" : "certificate/expires-soon",
        severity: isExpired ? "error" : "warning",
        message: `${one.host}: the certificate ${one.path} ${isExpired ? "has expired" : "expires soon"}`,
        because: `${one.subject} is valid until ${one.notAfter}`,
        hint: { text: "apply renews it", command: "slipway apply" },
        where: { host: one.host },
      };
    });
}

function judgeRoom(host: HostStatus): readonly Problem[] {
  const problems: Problem[] = [];
  const percent = (usage: { readonly usedBytes: number; readonly sizeBytes: number }) =>
    Math.round((usage.usedBytes / usage.sizeBytes) * 100);
  if (host.disk.usedBytes > host.disk.sizeBytes * fullShare) {
    problems.push({
      code: "host/disk-full",
      severity: "warning",
      message: `${host.host}: the disk is almost full`,
      because: `${percent(host.disk)} % of ${host.disk.mountPoint} is used; the limit is ${fullShare * 100} %`,
      hint: { text: "see what fills it", command: `du -xh --max-depth=2 ${host.disk.mountPoint} | sort -h | tail` },
      where: { host: host.host },
    });
  }
  if (host.memory.usedBytes > host.memory.sizeBytes * lateMemoryShare) {
    problems.push({
      code: "host/memory-short",
      severity: "warning",
      message: `${host.host}: memory is almost used up`,
      because: `${percent(host.memory)} % is used; up for ${formatDuration(host.uptimeSeconds * 1000)}`,
      hint: { text: "see what uses it", command: "ps -eo rss,comm --sort=-rss | head" },
      where: { host: host.host },
    });
  }
  return problems;
}

function error(code: Problem["code"], message: string, because: string, hint: Hint): Problem {
  return { code, severity: "error", message, because, hint };
}
