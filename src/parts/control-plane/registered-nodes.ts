import { kubeAsk } from "../../cluster/kube/kube-ask.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { Look } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { type NoApi, noApi, noApiIn } from "./no-api.ts";

/** Whether the cluster knows a host; "no-cluster" where nobody can say. */
export type Registration =
  | { readonly state: "registered"; readonly node: KubeObject }
  | { readonly state: "not-registered" }
  | NoApi;

/** The Node object of a host. */
export async function nodeOf(look: Pick<Look, "factOf">, spec: ClusterSpec, host: HostName): Promise<Registration> {
  const request = { method: "GET", path: `/api/v1/nodes/${host}` } as const;
  const answer = await kubeAsk(look, spec, [request]);
  if (answer.state !== "answers") return noApi(answer);
  const unable = noApiIn(answer, [request]);
  if (unable !== undefined) return unable;
  const [reply] = answer.replies;
  if (reply?.status === 404) return { state: "not-registered" };
  if (reply?.status !== 200)
    return noApi({ state: "silent", because: `${answer.by} answers with status ${reply?.status}` });
  return { state: "registered", node: reply.body as KubeObject };
}
