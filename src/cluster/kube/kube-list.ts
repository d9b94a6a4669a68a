import type { Look } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import type { KubeAnswer } from "./kube-access.ts";
import { kubeAsk } from "./kube-ask.ts";
import type { KubeObject } from "./kube-object.ts";
import { apiRefused, isUnable, refusalOf } from "./kube-problem.ts";

/** Objects of a kind, or why there are none to be had. */
export type KubeListAnswer =
  | { readonly state: "answers"; readonly by: HostName; readonly items: readonly KubeObject[] }
  | Exclude<KubeAnswer, { state: "answers" }>;

/** Objects asked for at a time: a Pod or a Node with its status has some 10 KiB, and a reply may have 1 MiB. */
const pageSize = 80;
const smallestPage = 5;

/**
 * All objects at a collection's path ("/api/v1/nodes", "/api/v1/pods?labelSelector=..."), in pages; one round trip while
 * they fit one. Servers that answer and are unable to (`isUnable`)
 * are silent. Throws `kubernetes/api-refused`. A list that changes too fast to be read to its end is begun anew once.
 */
export async function kubeList(look: Pick<Look, "factOf">, spec: ClusterSpec, path: string): Promise<KubeListAnswer> {
  const first = await listFrom(look, spec, path);
  return first.state === "expired" ? orRefused(await listFrom(look, spec, path)) : first;
}

type Listed =
  | KubeListAnswer
  | { readonly state: "expired"; readonly by: HostName; readonly refusal: NonNullable<ReturnType<typeof refusalOf>> };

function orRefused(listed: Listed): KubeListAnswer {
  if (listed.state !== "expired") return listed;
  throw new ProblemError(apiRefused(listed.by, { method: "GET", path: "" }, listed.refusal));
}

async function listFrom(look: Pick<Look, "factOf">, spec: ClusterSpec, path: string): Promise<Listed> {
  const items: KubeObject[] = [];
  let limit = pageSize;
  let next = "";
  for (;;) {
    const query = `limit=${limit}${next === "" ? "" : `&continue=${encodeURIComponent(next)}`}`;
    const request = { method: "GET", path: `${path}${path.includes("?") ? "&" : "?"}${query}` } as const;
    let answer: KubeAnswer;
    try {
      answer = await kubeAsk(look, spec, [request]);
    } catch (cause) {
      const tooLong = cause instanceof ProblemError && cause.problem.code === "kubernetes/reply-too-long";
      if (!tooLong || limit <= smallestPage) throw cause;
      limit = Math.max(smallestPage, Math.floor(limit / 4));
      continue;
    }
    if (answer.state !== "answers") return answer;
    const [reply] = answer.replies;
    const refusal = reply && refusalOf(reply);
    if (refusal?.status === 410 && next !== "") return { state: "expired", by: answer.by, refusal };
    if (refusal !== undefined && isUnable(refusal)) {
      return { state: "silent", because: `${answer.by}: ${apiRefused(answer.by, request, refusal).because ?? ""}` };
    }
    if (refusal !== undefined) throw new ProblemError(apiRefused(answer.by, request, refusal));
    const page = listOf(reply?.body);
    items.push(...page.items);
    next = page.next;
    if (next === "") return { state: "answers", by: answer.by, items };
  }
}

/** A list's items have no apiVersion and kind of their own; the list's say what they are. */
function listOf(body: unknown): { readonly items: readonly KubeObject[]; readonly next: string } {
  const list = (typeof body === "object" && body !== null ? body : {}) as {
    readonly kind?: string;
    readonly apiVersion?: string;
    readonly items?: readonly KubeObject[] | null;
    readonly metadata?: { readonly continue?: string };
  };
  const named = { apiVersion: list.apiVersion ?? "", kind: (list.kind ?? "").replace(/List$/, "") };
  return { items: (list.items ?? []).map((item) => ({ ...named, ...item })), next: list.metadata?.continue ?? "" };
}
