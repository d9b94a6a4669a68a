import type { LockName, StepId } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";

/** Everything Slipway gives kubeadm and the control plane, beside what kubeadm makes itself. */
export const slipwayFolder = "/etc/kubernetes/slipway";
/** InitConfiguration, ClusterConfiguration and KubeletConfiguration of a control plane host. */
export const kubeadmConfigPath = `${slipwayFolder}/kubeadm.yaml`;
/** JoinConfiguration of a host; without any token. */
export const joinConfigPath = `${slipwayFolder}/join.yaml`;
/** Where kubeadm looks for patches of what it writes. */
export const patchesFolder = `${slipwayFolder}/patches`;
/** What kube-apiserver reads besides certificates; mounted into its pod, so nothing else belongs here. */
export const apiServerFolder = `${slipwayFolder}/kube-apiserver`;
export const auditPolicyPath = `${apiServerFolder}/audit-policy.yaml`;
export const authenticationPath = `${apiServerFolder}/authentication.yaml`;
export const encryptionPath = `${apiServerFolder}/encryption.yaml`;
/** Folder of the audit log on the host; it holds who read which secret, so it is root's alone. */
export const auditLogFolder = "/var/log/kubernetes/audit";
/** From what the static pods of this host were made; see manifest-stamp.ts. */
export const manifestStampPath = `${slipwayFolder}/manifests.sha256`;
/** Written before kubeadm starts to change a host, with the word "init" or "join" in it, and kept. */
export const birthMarkPath = `${slipwayFolder}/birth`;

export const kubernetesFolder = "/etc/kubernetes";
export const pkiFolder = "/etc/kubernetes/pki";
export const manifestsFolder = "/etc/kubernetes/manifests";
export const kubeletKubeconfigPath = "/etc/kubernetes/kubelet.conf";
/** Certificate and key in one, renewed by the kubelet itself. */
export const kubeletCertificatePath = "/var/lib/kubelet/pki/kubelet-client-current.pem";
export const bootstrapKubeconfigPath = "/etc/kubernetes/bootstrap-kubelet.conf";
export const adminKubeconfigPath = "/etc/kubernetes/admin.conf";
/** The break-glass credential kubeadm leaves on the first host; the vault's authority can make one at any time. */
export const superAdminKubeconfigPath = "/etc/kubernetes/super-admin.conf";

/** Held while a control plane is changed in a way its clients could notice. */
export const controlPlaneRolloutLock = "control-plane-rollout" as LockName;
/** Held while a control plane joins: with stacked etcd that is a change of membership. */
export const controlPlaneJoinLock = "control-plane-join" as LockName;

export const controlPlaneAuthorityStepId = "control-plane.ca" as StepId;
export const controlPlaneInitStepId = "control-plane.init" as StepId;
/** Of a cluster that exists, an API server answers. */
export const controlPlaneServingStepId = "control-plane.serving" as StepId;
/** Lets bootstrap tokens join nodes, and nodes get and renew their certificates. */
export const controlPlaneAccessStepId = "control-plane.access" as StepId;
/** Deletes what an interrupted join has left. */
export const bootstrapTokensStepId = "control-plane.tokens" as StepId;
/** The kubeadm-config and kubelet-config ConfigMaps, which joins and upgrades read. */
export const controlPlaneConfigStepId = "control-plane.config" as StepId;

/** "control-plane.files/cp-1". */
export function controlPlaneStepId(kind: "files" | "join" | "roll", host: HostName): StepId {
  return `control-plane.${kind}/${host}` as StepId;
}
