import { kubeAsk } from "../../cluster/kube/kube-ask.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { Look } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";

/** Whether the cluster knows a host: "no-cluster" before there is one, "silent" where no API server answers. */
export type Registration =
  | { readonly state: "registered"; readonly node: KubeObject }
  | { readonly state: "not-registered" }
  | { readonly state: "no-cluster" }
  | { readonly state: "silent"; readonly because: string };

/** The Node object of a host. */
export async function nodeOf(look: Pick<Look, "factOf">, spec: ClusterSpec, host: HostName): Promise<Registration> {
  const answer = await kubeAsk(look, spec, [{ method: "GET", path: `/api/v1/nodes/${host}` }]);
  if (answer.state === "not-initialised") return { state: "no-cluster" };
  if (answer.state === "silent") return answer;
  const [reply] = answer.replies;
  if (reply?.status === 404) return { state: "not-registered" };
  if (reply?.status !== 200) return { state: "silent", because: `it answers with status ${reply?.status}` };
  return { state: "registered", node: reply.body as KubeObject };
}
