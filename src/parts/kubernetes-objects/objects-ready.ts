import { kubeAsk } from "../../cluster/kube/kube-ask.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { refusalOf } from "../../cluster/kube/kube-problem.ts";
import { objectName, objectPath, referenceOf } from "../../cluster/kube/object-path.ts";
import { hasReadiness, notReadyBecause } from "../../cluster/kube/workload-readiness.ts";
import type { Look, Verdict } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { noApi } from "../control-plane/no-api.ts";

/** Whether objects can do their work. Only asks for those that take time to: it is asked again and again. */
export async function objectsReady(
  look: Pick<Look, "factOf">,
  spec: ClusterSpec,
  objects: readonly KubeObject[],
): Promise<Verdict> {
  const slow = objects.filter(hasReadiness).map(referenceOf);
  if (slow.length === 0) return { state: "met" };
  const answer = await kubeAsk(
    look,
    spec,
    slow.map((one) => ({ method: "GET", path: objectPath(one) })),
  );
  if (answer.state !== "answers") return { state: "not-yet", because: noApi(answer).because };
  const left = answer.replies.flatMap((reply, index) => {
    const refusal = refusalOf(reply);
    const because =
      refusal === undefined ? notReadyBecause(reply.body as KubeObject) : `status ${refusal.status} was answered`;
    const object = slow[index];
    return because === undefined || object === undefined ? [] : [`${objectName(object)}: ${because}`];
  });
  return left.length === 0 ? { state: "met" } : { state: "not-yet", because: left.slice(0, 3).join("; ") };
}
