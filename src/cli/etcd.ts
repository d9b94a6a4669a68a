import { etcdPlaces } from "../cluster/etcd-places.ts";
import { etcdRole } from "../cluster/etcd-role.ts";
import { type EtcdClusterStatus, readEtcdStatus } from "../cluster/etcd-status.ts";
import { failureTolerance } from "../domain/quorum.ts";
import { FactReader } from "../engine/fact-reader.ts";
import { type ExitCode, exitCode } from "../problems/exit-code.ts";
import { formatProblems } from "../problems/format-problems.ts";
import { ProblemError } from "../problems/problem.ts";
import { table } from "../report/table.ts";
import { etcdMembersText } from "./etcd-members-text.ts";
import { openCluster } from "./open-cluster.ts";
import { openWorld } from "./open-world.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";
import { shown } from "./shown.ts";
import { terminalStyle } from "./terminal-style.ts";

async function read(options: GlobalOptions): Promise<EtcdClusterStatus> {
  const cluster = openCluster(options.file);
  if (cluster.spec.etcd.topology !== "external") {
    throw new ProblemError({
      code: "usage/etcd-not-external",
      severity: "error",
      message: "etcd is not asked",
      because: "etcd.topology is stacked: kubeadm runs the members as static pods of the control plane nodes",
      hint: {
        text: "ask it through a control plane node",
        command: "kubectl -n kube-system get pods -l component=etcd",
      },
    });
  }
  await using world = openWorld(cluster);
  return await readEtcdStatus(new FactReader(world.hosts, new AbortController().signal), etcdPlaces(cluster.spec));
}

/** `slipway etcd members`: 6 when none answers, 5 when that is because no host could be asked. */
export async function etcdMembers(options: GlobalOptions): Promise<void> {
  const etcd = shown(await read(options));
  printResult({ clusterId: etcd.clusterId, members: etcd.members }, options.output, () => membersText(etcd));
  if (etcd.members.length === 0) process.exitCode = codeOfSilence(etcd);
}

/**
 * `slipway etcd health`: 6 unless every voting member is healthy and nothing complains; 5 when no host could be asked.
 */
export async function etcdHealth(options: GlobalOptions): Promise<void> {
  const etcd = shown(await read(options));
  const isHealthy =
    etcd.voting > 0 && etcd.answering === etcd.voting && etcd.alarms.length === 0 && etcd.foreign.length === 0;
  const { voting, answering, quorum, alarms, foreign, hosts } = etcd;
  const tolerance = quorum === undefined ? undefined : answering - quorum;
  const members = etcd.members.map(({ name, health }) => ({ name, ...health }));
  const result = {
    healthy: isHealthy,
    voting,
    answering,
    quorum,
    mayStillFail: tolerance,
    alarms,
    foreign,
    members,
    hosts,
  };
  printResult(result, options.output, () => healthText(etcd));
  if (!isHealthy) process.exitCode = codeOfSilence(etcd);
}

function codeOfSilence({ hosts }: EtcdClusterStatus): ExitCode {
  return hosts.every((view) => view.unreachable !== undefined) ? exitCode.unreachable : exitCode.unverified;
}

function membersText(etcd: EtcdClusterStatus): string {
  if (etcd.members.length === 0) return `No etcd member answers\n${silentHosts(etcd)}`;
  return etcdMembersText(etcd.members);
}

function healthText(etcd: EtcdClusterStatus): string {
  const { voting, answering, quorum } = etcd;
  if (quorum === undefined) return `No etcd member answers\n${silentHosts(etcd)}`;
  const left = answering - quorum;
  const tolerance = `${left} more may fail; with all of them up, ${failureTolerance(voting)} may`;
  return [
    table(etcd.members, [
      { title: "member", value: (member) => member.name || "(not started)" },
      { title: "role", value: etcdRole },
      { title: "healthy", value: (member) => (member.health.healthy ? "yes" : "no") },
      {
        title: "took",
        value: ({ health }) => (health.tookMs === undefined ? undefined : `${health.tookMs.toFixed(0)} ms`),
        align: "right",
      },
      { title: "because", value: (member) => member.health.because },
    ]),
    "",
    left < 0
      ? `Quorum is lost: ${answering} of ${voting} voting members are healthy, ${quorum} are needed to write`
      : `${answering} of ${voting} voting members are healthy, ${quorum} are needed to write: ${tolerance}`,
    ...etcd.alarms.map((alarm) => `Alarm: ${alarm}`),
    ...etcd.foreign.map((host) => `${host} is a member of another cluster`),
  ].join("\n");
}

function silentHosts(etcd: EtcdClusterStatus): string {
  const lines = etcd.hosts.flatMap((view) =>
    view.unreachable === undefined ? [`  ${view.host}: etcd.service is ${view.unit}`] : [],
  );
  const problems = etcd.hosts.flatMap((view) => view.unreachable ?? []);
  return [...lines, formatProblems(problems, terminalStyle(process.stdout))].filter((text) => text !== "").join("\n");
}
