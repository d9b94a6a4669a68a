import { createHash } from "node:crypto";
import type { HostLook } from "../../engine/step.ts";
import { directory } from "../../resources/directory.ts";
import { file } from "../../resources/file.ts";
import { noOthers } from "../../resources/no-others.ts";
import type { Resource } from "../../resources/resource.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { kubernetesYaml } from "../kubernetes-yaml.ts";
import { managedHeader, managedMark } from "../managed-header.ts";
import { kubeletPatch } from "../nodes/kubelet-configuration.ts";
import { kubeletHostFacts } from "../nodes/kubelet-host-facts.ts";
import { auditPolicy } from "./audit-policy.ts";
import { patchesFolder } from "./control-plane-layout.ts";

/** A patch of something kubeadm writes, by the name kubeadm knows it. */
export interface KubeadmPatch {
  /** "kube-apiserver+strategic.yaml". */
  readonly name: string;
  readonly text: string;
}

/** Patches of the static pods of a control plane; the same on all of them. */
export function staticPodPatches(spec: ClusterSpec): readonly KubeadmPatch[] {
  if (!spec.hosts.some((host) => host.roles.includes("control-plane"))) return [];
  const { audit } = spec.kubernetes.apiServer;
  const { topology, walDir } = spec.etcd;
  return [
    ...(audit.enabled ? [auditPatch(auditPolicy(audit.policy))] : []),
    ...(topology === "stacked" && walDir !== undefined ? [walPatch(walDir)] : []),
  ];
}

/** The patch files of a host, and none beside them that Slipway ever made. */
export async function kubeadmPatches(at: HostLook, spec: ClusterSpec, host: HostSpec): Promise<readonly Resource[]> {
  const own = kubeletPatch(spec, host, await at.fact(kubeletHostFacts));
  const kubelet = patch("kubeletconfiguration+merge.yaml", "the kubelet of this host", own);
  const patches = [kubelet, ...(host.roles.includes("control-plane") ? staticPodPatches(spec) : [])];
  const paths = patches.map(({ name }) => `${patchesFolder}/${name}`);
  return [
    directory({ path: patchesFolder, mode: 0o700 }),
    ...patches.map(({ text }, index) => file({ path: paths[index] ?? "", content: text, mode: 0o600 })),
    noOthers(patchesFolder, "*.yaml", managedMark, paths),
  ];
}

/** The API server reads its audit policy only when it starts: the pod is another one when the policy is. */
function auditPatch(policy: string): KubeadmPatch {
  const digest = createHash("sha256").update(policy).digest("hex");
  return patch("kube-apiserver+strategic.yaml", "kube-apiserver", {
    metadata: { annotations: { "slipway.dev/audit-policy": digest } },
  });
}

/** kubeadm mounts the data folder only. */
function walPatch(walDir: string): KubeadmPatch {
  return patch("etcd+strategic.yaml", "etcd", {
    spec: {
      containers: [{ name: "etcd", volumeMounts: [{ name: "etcd-wal", mountPath: walDir }] }],
      volumes: [{ name: "etcd-wal", hostPath: { path: walDir, type: "DirectoryOrCreate" } }],
    },
  });
}

function patch(name: string, what: string, content: unknown): KubeadmPatch {
  return { name, text: `${managedHeader(`what kubeadm changes of ${what}`)}${kubernetesYaml(content)}` };
}
