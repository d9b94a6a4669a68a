import type { Act } from "../../engine/step.ts";
import { curlExitCodes } from "../../facts/curl-body.ts";
import type { HostName } from "../../hosts/port.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { ownApiServer } from "./control-planes.ts";
import { curlReplies, curlRuns } from "./curl-requests.ts";
import type { KubeReply, KubeRequest } from "./kube-access.ts";
import { inAskingOrder } from "./kube-ask.ts";
import { apiRefused, apiSilent, isUnable, refusalOf } from "./kube-problem.ts";

/**
 * Sends requests to an API server, in order, and returns their replies. All are sent even when one is refused; then
 * `kubernetes/api-refused` is thrown with every refusal. `okStatuses` are those above 399 that are no refusal: 404 for
 * something that is to be gone, 409 for something that is to be there.
 *
 * Control plane hosts are tried in order, the one that answered last first, also where one answers that it is unable to
 * (`isUnable`): `kubernetes/api-unable` when all are. What may have arrived is not sent again through another one unless sending it
 * twice does no harm (anything but POST). Throws `kubernetes/api-silent` when none answers.
 */
export async function kubeSend(
  act: Pick<Act, "changeOn">,
  spec: ClusterSpec,
  requests: readonly KubeRequest[],
  okStatuses: readonly number[] = [],
): Promise<readonly KubeReply[]> {
  const answers: (Answered | undefined)[] = requests.map(() => undefined);
  const silences: string[] = [];
  for (const host of inAskingOrder(spec)) {
    const open = stillOpen(requests, answers, okStatuses);
    if (open.length === 0) break;
    const sent = await sendThrough(
      act,
      host,
      open.map(({ request }) => request),
    );
    for (const [place, reply] of sent.replies.entries()) {
      const index = open[place]?.index;
      if (index !== undefined) answers[index] = { by: host.name, reply };
    }
    if (sent.failure === undefined) continue;
    silences.push(`${host.name}: ${sent.failure.because}`);
    if (!sent.failure.notSent && open[sent.replies.length]?.request.method === "POST") break;
  }
  const refused = answers.flatMap((answer, index) => {
    const request = requests[index];
    if (answer === undefined || request === undefined) return [];
    const { by, reply } = answer;
    const refusal = okStatuses.includes(reply.status) ? undefined : refusalOf(reply);
    if (refusal === undefined) return [];
    return [apiRefused(by, request, refusal)];
  });
  const [first, ...others] = refused;
  if (first !== undefined) throw new ProblemError([first, ...others]);
  return answers.map((one) => {
    if (one === undefined) throw new ProblemError(apiSilent(silences.join("; ")));
    return one.reply;
  });
}

interface Answered {
  readonly by: HostName;
  readonly reply: KubeReply;
}

/**
 * What has to be sent through the next host: what nobody has answered, what the last one was unable to do, and what was
 * refused behind that and may rest on it. A POST goes again only where it was turned away before anything was done.
 */
function stillOpen(
  requests: readonly KubeRequest[],
  answers: readonly (Answered | undefined)[],
  okStatuses: readonly number[],
): readonly { readonly index: number; readonly request: KubeRequest }[] {
  let isBehind = false;
  return requests.flatMap((request, index) => {
    const reply = answers[index]?.reply;
    if (reply === undefined) return [{ index, request }];
    const { status } = reply;
    if (status < 400 || okStatuses.includes(status)) return [];
    isBehind ||= isUnable(reply);
    const mayRepeat = request.method !== "POST" || turnedAway.has(status);
    return isBehind && mayRepeat ? [{ index, request }] : [];
  });
}

/** Unauthorized, forbidden, and too many requests: nothing was done. */
const turnedAway: ReadonlySet<number> = new Set([401, 403, 429]);

/** Nothing that was sent through a connection that then broke is known not to have arrived. */
const brokenConnections: ReadonlySet<string> = new Set([
  "ssh/connection-lost",
  "ssh/no-answer",
  "ssh/connection-closed",
]);

interface Sent {
  readonly replies: readonly KubeReply[];
  readonly failure?: { readonly because: string; readonly notSent: boolean };
}

async function sendThrough(
  act: Pick<Act, "changeOn">,
  host: HostSpec,
  requests: readonly KubeRequest[],
): Promise<Sent> {
  const replies: KubeReply[] = [];
  for (const run of curlRuns(ownApiServer(host), requests)) {
    const { argv, stdin, timeoutMs } = run;
    try {
      const change = { kind: "run", argv, stdin, timeoutMs, okExitCodes: curlExitCodes } as const;
      const said = curlReplies(run, await act.changeOn(host.name, change));
      replies.push(...said.replies);
      if (said.failure !== undefined) return { replies, failure: said.failure };
      if (said.truncated) {
        const because = "the replies are longer than what is kept of a command's output";
        return { replies, failure: { because, notSent: false } };
      }
    } catch (cause) {
      if (!(cause instanceof ProblemError) || !cause.problem.code.startsWith("ssh/")) throw cause;
      const notSent = !brokenConnections.has(cause.problem.code);
      return { replies, failure: { because: cause.problem.message, notSent } };
    }
  }
  return { replies };
}
