import { kubeAsk } from "../../cluster/kube/kube-ask.ts";
import { type ObjectReference, objectName, objectPath } from "../../cluster/kube/object-path.ts";
import type { Condition, Look, Verdict } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";

/** A condition of an object's status that must be True. */
export function objectCondition(
  spec: ClusterSpec,
  wanted: {
    /** Noun phrase, printed as "waiting for <title>". */
    readonly title: string;
    readonly object: ObjectReference;
    /** "Available", "Established". */
    readonly type: string;
    readonly withinMs: number;
  },
): Condition<Look> {
  const { title, object, type, withinMs } = wanted;
  return {
    title,
    everyMs: 1000,
    withinMs,
    async holds(look): Promise<Verdict> {
      const answer = await kubeAsk(look, spec, [{ method: "GET", path: objectPath(object) }]);
      if (answer.state !== "answers") return { state: "not-yet", because: "no API server answers" };
      const [reply] = answer.replies;
      if (reply?.status !== 200) return { state: "not-yet", because: `${objectName(object)} is not there yet` };
      const { conditions = [] } = ((reply.body as { readonly status?: unknown }).status ?? {}) as {
        readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
      };
      const found = conditions.find((one) => one.type === type);
      if (found?.status === "True") return { state: "met" };
      const said = found?.message === undefined || found.message === "" ? "" : `: ${found.message}`;
      return { state: "not-yet", because: `${type} is ${found?.status ?? "not said"}${said}` };
    },
  };
}
