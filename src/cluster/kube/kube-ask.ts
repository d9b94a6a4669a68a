import type { Look } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import { ownApiServer } from "./control-planes.ts";
import type { KubeAnswer, KubeReply, KubeRequest } from "./kube-access.ts";
import { isUnable, replyTooLong } from "./kube-problem.ts";
import { kubeReplies } from "./kube-replies.ts";

type Asker = Pick<Look, "factOf">;

/**
 * Asks an API server: one round trip, however many requests. Only for requests that change nothing: GET, and anything
 * with dryRun=All. Replies are in the order of the requests, whatever their status; nothing is refused here.
 *
 * The first control plane host is asked, or the one that answered last, and when it does not answer, or with a
 * status that says it cannot (`isUnable`), all others at once: where none can, the first one's answer is returned. A host that cannot be reached counts as silent. Throws `kubernetes/reply-too-long` when one reply alone is over 1 MiB: ask for a list in pages.
 */
export async function kubeAsk(look: Asker, spec: ClusterSpec, requests: readonly KubeRequest[]): Promise<KubeAnswer> {
  const [first, ...others] = inAskingOrder(spec);
  if (first === undefined) return { state: "silent", because: "the cluster has no control plane host" };
  const own = await askHost(look, first, requests);
  const views = isAble(own) ? [own] : [own, ...(await askAll(look, others, requests))];
  const able = views.find(isAble);
  if (able !== undefined) lastAnswering.set(spec, able.by);
  const answer = able ?? views.find((one) => one.state === "answers");
  if (answer !== undefined) return answer;
  const silent = views.filter((one) => one.state === "silent");
  if (silent.length === 0) return { state: "not-initialised" };
  return { state: "silent", because: silent.map((one) => `${one.by}: ${one.because}`).join("; ") };
}

/** So that a host that is down costs its time limit once, and not with every question. */
const lastAnswering = new WeakMap<ClusterSpec, HostName>();

/** Control plane hosts, the one that answered last before the others. */
export function inAskingOrder(spec: ClusterSpec): readonly HostSpec[] {
  const hosts = controlPlaneHosts(spec);
  const last = hosts.find((host) => host.name === lastAnswering.get(spec));
  return last === undefined ? hosts : [last, ...hosts.filter((host) => host !== last)];
}

type HostAnswer =
  | { readonly state: "answers"; readonly by: HostName; readonly replies: readonly KubeReply[] }
  | { readonly state: "not-initialised"; readonly by: HostName }
  | { readonly state: "silent"; readonly by: HostName; readonly because: string };

/** It answers, and with nothing that another API server could say better. */
function isAble(answer: HostAnswer): answer is Extract<HostAnswer, { state: "answers" }> {
  return answer.state === "answers" && !answer.replies.some(isUnable);
}

async function askAll(
  look: Asker,
  hosts: readonly HostSpec[],
  requests: readonly KubeRequest[],
): Promise<readonly HostAnswer[]> {
  return await Promise.all(hosts.map((host) => askHost(look, host, requests)));
}

async function askHost(look: Asker, host: HostSpec, requests: readonly KubeRequest[]): Promise<HostAnswer> {
  const by = host.name;
  try {
    const said = await look.factOf(by, kubeReplies(ownApiServer(host), requests));
    if (said.truncated) return await askInHalves(look, host, requests);
    if (said.failure === undefined) return { state: "answers", by, replies: said.replies };
    if (!said.initialised) return { state: "not-initialised", by };
    return { state: "silent", by, because: said.failure.because };
  } catch (cause) {
    if (!(cause instanceof ProblemError) || !cause.problem.code.startsWith("ssh/")) throw cause;
    return { state: "silent", by, because: cause.problem.message };
  }
}

/** The replies were longer together than what is kept of a command's output. */
async function askInHalves(look: Asker, host: HostSpec, requests: readonly KubeRequest[]): Promise<HostAnswer> {
  const [only] = requests;
  if (requests.length === 1 && only !== undefined) throw new ProblemError(replyTooLong(host.name, only));
  const middle = Math.ceil(requests.length / 2);
  const halves = await Promise.all([
    askHost(look, host, requests.slice(0, middle)),
    askHost(look, host, requests.slice(middle)),
  ]);
  const failed = halves.find((one) => one.state !== "answers");
  if (failed !== undefined) return failed;
  const replies = halves.flatMap((one) => (one.state === "answers" ? one.replies : []));
  return { state: "answers", by: host.name, replies };
}
