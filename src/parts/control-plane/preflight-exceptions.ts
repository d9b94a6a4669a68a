import { cgroupVersion } from "../../facts/cgroup-version.ts";
import type { Fact } from "../../facts/fact.ts";
import { listeningPorts } from "../../facts/listening-ports.ts";
import { pathStat } from "../../facts/path-stat.ts";
import type { Read } from "../../hosts/port.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { bootstrapKubeconfigPath, kubeletKubeconfigPath, manifestsFolder, pkiFolder } from "./control-plane-layout.ts";

/** Files kubeadm wants not to be there; an earlier run of Slipway's may have made them. */
const ownFiles = [
  ...["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"].map(
    (name) => `${manifestsFolder}/${name}.yaml`,
  ),
  kubeletKubeconfigPath,
  bootstrapKubeconfigPath,
];

/** Ports kubeadm wants to be free, and who holds them once it has been there (the kernel keeps 15 letters of a name). */
const ownPorts: readonly (readonly [number, string])[] = [
  [6443, "kube-apiserver"],
  [10250, "kubelet"],
  [10257, "kube-controller"],
  [10259, "kube-scheduler"],
  [2379, "etcd"],
  [2380, "etcd"],
];

/**
 * Checks of kubeadm's preflight that must not stop it on a host, each for a reason found on that host:
 *
 * - SystemVerification where the host runs cgroup v1: it refuses v1 altogether, and the kubelet is told to take it.
 * - NumCPU and Mem: Slipway's own preflight judges the hardware, and lets the cluster file say otherwise.
 * - FileAvailable of ca.crt: Slipway has put it there, from the vault.
 * - What an earlier run of Slipway's has made, when `resuming`: files, ports held by what runs from them, etcd's data.
 *
 * https://kubernetes.io/docs/reference/setup-tools/kubeadm/implementation-details/#preflight-checks (2026-11-21)
 */
export function preflightExceptions(spec: ClusterSpec, resuming: boolean): Fact<readonly string[]> {
  const { dataDir, topology } = spec.etcd;
  const stats = resuming ? ownFiles.map((path): Read => ({ kind: "stat", path })) : [];
  const ports = resuming ? listeningPorts.reads : [];
  return {
    name: "preflight-exceptions",
    reads: [...cgroupVersion.reads, ...ports, ...stats],
    parse([cgroup, ...answers]) {
      const always = ["NumCPU", "Mem", fileCheck(`${pkiFolder}/ca.crt`)];
      const byCgroup = cgroupVersion.parse(cgroup === undefined ? [] : [cgroup]) === 1 ? ["SystemVerification"] : [];
      if (!resuming) return [...always, ...byCgroup];
      const listening = listeningPorts.parse(answers.slice(0, ports.length)) ?? [];
      const held = ownPorts.filter(([port, program]) =>
        listening.some((one) => one.port === port && one.programs.includes(program)),
      );
      const there = ownFiles.filter((path, index) => pathStat(path, answers[ports.length + index]).exists);
      return [
        ...always,
        ...byCgroup,
        ...there.map(fileCheck),
        ...held.map(([port]) => `Port-${port}`),
        ...(topology === "stacked" ? [`DirAvailable-${dashed(dataDir)}`] : []),
      ];
    },
  };
}

function fileCheck(path: string): string {
  return `FileAvailable-${dashed(path)}`;
}

function dashed(path: string): string {
  return path.replaceAll("/", "-");
}
