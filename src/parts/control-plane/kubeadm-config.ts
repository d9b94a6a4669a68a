import { apiServerPort, type ClusterSpec, type HostSpec } from "../../spec/cluster-spec.ts";
import { containerdSocket } from "../containerd/containerd-config.ts";
import { kubernetesYaml } from "../kubernetes-yaml.ts";
import { managedHeader } from "../managed-header.ts";
import { kubeletConfiguration } from "../nodes/kubelet-configuration.ts";
import { clusterConfiguration, kubeadmApi } from "./cluster-configuration.ts";
import { patchesFolder } from "./control-plane-layout.ts";

type Document = Readonly<Record<string, unknown>>;

/** Kept off control plane nodes unless they are workers too. https://kubernetes.io/docs/reference/labels-annotations-taints/ */
const controlPlaneTaint = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" } as const;

/**
 * Phases of `kubeadm init` Slipway does without: it makes tokens when a host joins, and lets them join by objects of its
 * own; so no token of a day's life is made, printed or left behind.
 */
const skippedPhases = ["bootstrap-token", "show-join-command"];

/**
 * kubeadm.yaml of a control plane host: what `kubeadm init` and its phases, with which static pods are made anew, are
 * given. Holds nothing secret.
 */
export function kubeadmConfig(spec: ClusterSpec, host: HostSpec): string {
  const init: Document = {
    apiVersion: kubeadmApi,
    kind: "InitConfiguration",
    nodeRegistration: nodeRegistration(host),
    localAPIEndpoint: localApiEndpoint(host),
    patches: { directory: patchesFolder },
    skipPhases: skippedPhases,
  };
  return documents("what kubeadm makes the control plane from", [
    init,
    clusterConfiguration(spec),
    kubeletConfiguration(spec),
  ]);
}

/**
 * join.yaml of a host. kubeadm reads from its standard input where the cluster is and who it may say it is, so that the
 * token is in no file.
 */
export function joinConfig(host: HostSpec): string {
  const join: Document = {
    apiVersion: kubeadmApi,
    kind: "JoinConfiguration",
    nodeRegistration: nodeRegistration(host),
    discovery: { file: { kubeConfigPath: "/dev/stdin" } },
    ...(host.roles.includes("control-plane") ? { controlPlane: { localAPIEndpoint: localApiEndpoint(host) } } : {}),
    patches: { directory: patchesFolder },
  };
  return documents("what kubeadm joins the cluster with", [join]);
}

function nodeRegistration(host: HostSpec): Document {
  return {
    name: host.name,
    criSocket: `unix://${containerdSocket}`,
    imagePullPolicy: "IfNotPresent",
    imagePullSerial: false,
    taints: registeredTaints(host),
    kubeletExtraArgs: [{ name: "node-ip", value: host.address }],
  };
}

/** Taints a node has from its first moment, so that nothing lands on it that does not belong there. */
function registeredTaints(host: HostSpec): readonly Document[] {
  const own = host.taints.map(({ key, value, effect }) => ({ key, ...(value === "" ? {} : { value }), effect }));
  const isControlPlaneOnly = host.roles.includes("control-plane") && !host.roles.includes("worker");
  return isControlPlaneOnly ? [controlPlaneTaint, ...own] : own;
}

function localApiEndpoint(host: HostSpec): Document {
  return { advertiseAddress: host.address, bindPort: apiServerPort };
}

function documents(what: string, all: readonly Document[]): string {
  return `${managedHeader(what)}${all.map((one) => kubernetesYaml(one)).join("---\n")}`;
}
