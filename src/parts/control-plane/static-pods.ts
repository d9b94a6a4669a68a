import { createHash } from "node:crypto";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { auditPolicy } from "./audit-policy.ts";
import { clusterConfiguration } from "./cluster-configuration.ts";
import { auditPolicyPath, kubernetesFolder, manifestsFolder, pkiFolder } from "./control-plane-layout.ts";
import { staticPodPatches } from "./kubeadm-patches.ts";

/** A part of the control plane that kubelet runs from a manifest kubeadm writes. */
export interface StaticPod {
  readonly name: "etcd" | "kube-apiserver" | "kube-controller-manager" | "kube-scheduler";
  readonly manifestPath: string;
  /** Words after `kubeadm init phase` that write the manifest. */
  readonly phase: readonly string[];
  /** The process's name as the kernel keeps it: 15 letters. */
  readonly process: string;
  /** Files it reads only when it starts, beside its manifest. */
  readonly loads: readonly string[];
  /** Those of them the cluster file says the content of, with its SHA-256. */
  readonly declared: ReadonlyMap<string, string>;
  /** Clients of the API notice when it stops. */
  readonly serves: boolean;
}

const etcd = staticPod("etcd", ["etcd", "local"], [], true);
const servers: readonly StaticPod[] = [
  staticPod("kube-apiserver", ["control-plane", "apiserver"], [`${pkiFolder}/sa.pub`, `${pkiFolder}/sa.key`], true),
  staticPod(
    "kube-controller-manager",
    ["control-plane", "controller-manager"],
    [`${kubernetesFolder}/controller-manager.conf`, `${pkiFolder}/sa.key`],
    false,
  ),
  staticPod("kube-scheduler", ["control-plane", "scheduler"], [`${kubernetesFolder}/scheduler.conf`], false),
];

/** The static pods of a control plane host, in the order they are rolled: what others rest on first. */
export function staticPods(spec: ClusterSpec): readonly StaticPod[] {
  const { audit } = spec.kubernetes.apiServer;
  const pods = audit.enabled ? servers.map((pod) => withAuditPolicy(pod, auditPolicy(audit.policy))) : servers;
  return spec.etcd.topology === "stacked" ? [etcd, ...pods] : pods;
}

function withAuditPolicy(pod: StaticPod, policy: string): StaticPod {
  if (pod.name !== "kube-apiserver") return pod;
  const digest = createHash("sha256").update(policy).digest("hex");
  return { ...pod, loads: [...pod.loads, auditPolicyPath], declared: new Map([[auditPolicyPath, digest]]) };
}

/**
 * SHA-256 of everything of the cluster file a static pod's manifest depends on. Another digest means that the manifest has
 * to be made anew; what concerns one component leaves the others as they are.
 */
export function manifestInputs(spec: ClusterSpec, host: HostSpec, pod: StaticPod): string {
  const { apiServer, controllerManager, scheduler, networking, etcd: store, ...rest } = clusterConfiguration(spec);
  const { certSANs: _ofTheCertificate, ...server } = apiServer as Readonly<Record<string, unknown>>;
  const { kubernetesVersion, imageRepository, clusterName } = rest;
  const own: Readonly<Record<StaticPod["name"], unknown>> = {
    etcd: { store, address: host.address, name: host.name },
    "kube-apiserver": { server, networking, store, address: host.address },
    "kube-controller-manager": { controllerManager, networking, clusterName },
    "kube-scheduler": { scheduler },
  };
  const patches = staticPodPatches(spec).filter((patch) => patch.name.startsWith(pod.name));
  const inputs = { kubernetesVersion, imageRepository, own: own[pod.name], patches };
  return createHash("sha256").update(JSON.stringify(inputs)).digest("hex");
}

function staticPod(
  name: StaticPod["name"],
  phase: readonly string[],
  loads: readonly string[],
  serves: boolean,
): StaticPod {
  const manifestPath = `${manifestsFolder}/${name}.yaml`;
  return { name, manifestPath, phase, process: name.slice(0, 15), loads, declared: new Map(), serves };
}
