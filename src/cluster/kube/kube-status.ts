import type { Look } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import { ownApiServer } from "./control-planes.ts";
import type { KubeReply, KubeRequest } from "./kube-access.ts";
import { kubeList } from "./kube-list.ts";
import type { KubeObject } from "./kube-object.ts";
import { kubeReplies } from "./kube-replies.ts";
import { objectName, referenceOf } from "./object-path.ts";
import { nodeNotReady } from "./readiness.ts";
import { notReadyBecause } from "./workload-readiness.ts";

/** The API server of one control plane host, by its own /readyz. */
export interface ApiServerStatus {
  readonly host: HostName;
  /** "absent": kubeadm has not been there. "unknown": the host could not be asked. */
  readonly state: "ready" | "not-ready" | "silent" | "absent" | "unknown";
  /** Why it is not ready. */
  readonly because?: string;
}

export interface NodeStatus {
  readonly name: string;
  /** Why it is not Ready; absent when it is. */
  readonly notReady?: string;
  /** True when it takes no new pods: cordoned. */
  readonly cordoned: boolean;
  /** "v1.36.2". */
  readonly kubeletVersion: string;
}

/** A Deployment or DaemonSet of the system. */
export interface WorkloadStatus {
  /** "Deployment kube-system/coredns". */
  readonly name: string;
  /** Why it cannot do its work; absent when it can. */
  readonly notReady?: string;
}

/** What Kubernetes says of itself. */
export interface KubeStatus {
  readonly apiServers: readonly ApiServerStatus[];
  /** Absent when no API server answers. */
  readonly objects?: {
    readonly nodes: readonly NodeStatus[];
    readonly workloads: readonly WorkloadStatus[];
  };
}

const systemNamespaces = ["kube-system", "kube-flannel", "calico-system", "tigera-operator"];

/** Asks every API server how it is, and one of them about the nodes and the system's workloads; two round trips at most. */
export async function readKubeStatus(look: Pick<Look, "factOf">, spec: ClusterSpec): Promise<KubeStatus> {
  const hosts = controlPlaneHosts(spec);
  const servers = await Promise.all(hosts.map((host) => apiServerStatus(look, host)));
  const answering = hosts.filter((_, index) => servers[index]?.state === "ready");
  if (answering.length === 0) return { apiServers: servers };
  // Of those that answer, so that a dead one does not cost its time limit again.
  const asked = { ...spec, hosts: spec.hosts.filter((host) => answering.includes(host)) };
  const [nodes, ...workloads] = await Promise.all([
    kubeList(look, asked, "/api/v1/nodes"),
    kubeList(look, asked, "/apis/apps/v1/deployments"),
    kubeList(look, asked, "/apis/apps/v1/daemonsets"),
  ]);
  if (nodes.state !== "answers") return { apiServers: servers };
  const ofSystem = workloads
    .flatMap((list) => (list.state === "answers" ? list.items : []))
    .filter((one) => systemNamespaces.includes(one.metadata.namespace ?? ""));
  return {
    apiServers: servers,
    objects: { nodes: nodes.items.map(nodeStatus), workloads: ofSystem.map(workloadStatus) },
  };
}

const readyz: KubeRequest = { method: "GET", path: "/readyz" };

async function apiServerStatus(look: Pick<Look, "factOf">, host: HostSpec): Promise<ApiServerStatus> {
  try {
    const said = await look.factOf(host.name, kubeReplies(ownApiServer(host), [readyz]));
    const [reply] = said.replies;
    if (reply !== undefined) return { host: host.name, ...readyState(reply) };
    if (!said.initialised) return { host: host.name, state: "absent" };
    return { host: host.name, state: "silent", because: said.failure?.because ?? "it does not answer" };
  } catch (cause) {
    if (!(cause instanceof ProblemError) || !cause.problem.code.startsWith("ssh/")) throw cause;
    return { host: host.name, state: "unknown", because: cause.problem.message };
  }
}

function readyState({ status, body }: KubeReply): Pick<ApiServerStatus, "state" | "because"> {
  if (status === 200) return { state: "ready" };
  const failed = [...String(body).matchAll(/^\[-\](\S+) failed/gm)].map((match) => match[1] ?? "");
  const because = failed.length > 0 ? `failed: ${failed.join(", ")}` : `its answer has status ${status}`;
  return { state: "not-ready", because };
}

function nodeStatus(node: KubeObject): NodeStatus {
  const because = nodeNotReady(node);
  const { unschedulable } = (node.spec ?? {}) as { readonly unschedulable?: boolean };
  const { nodeInfo } = (node.status ?? {}) as { readonly nodeInfo?: { readonly kubeletVersion?: string } };
  return {
    name: node.metadata.name,
    ...(because === undefined ? {} : { notReady: because }),
    cordoned: unschedulable === true,
    kubeletVersion: nodeInfo?.kubeletVersion ?? "",
  };
}

function workloadStatus(workload: KubeObject): WorkloadStatus {
  const because = notReadyBecause(workload);
  return { name: objectName(referenceOf(workload)), ...(because === undefined ? {} : { notReady: because }) };
}
