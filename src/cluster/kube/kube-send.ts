import type { Act } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { ownApiServer } from "./control-planes.ts";
import { curlReplies, curlRuns } from "./curl-requests.ts";
import type { KubeReply, KubeRequest } from "./kube-access.ts";
import { inAskingOrder } from "./kube-ask.ts";
import { apiRefused, apiSilent, refusalOf } from "./kube-problem.ts";

/** Every way curl can end is read by us, and not a failure of the command. */
const curlExitCodes = [...Array(123).keys(), 127];

/**
 * Sends requests to an API server, in order, and returns their replies. All are sent even when one is refused; then
 * `kubernetes/api-refused` is thrown with every refusal. `okStatuses` are those above 399 that are no refusal: 404 for
 * something that is to be gone, 409 for something that is to be there.
 *
 * Control plane hosts are tried in order, the one that answered last first. What may have arrived is not sent again through another one unless sending it
 * twice does no harm (anything but POST). Throws `kubernetes/api-silent` when none answers.
 */
export async function kubeSend(
  act: Pick<Act, "changeOn">,
  spec: ClusterSpec,
  requests: readonly KubeRequest[],
  okStatuses: readonly number[] = [],
): Promise<readonly KubeReply[]> {
  const replies: { readonly by: HostName; readonly reply: KubeReply }[] = [];
  const silences: string[] = [];
  for (const host of inAskingOrder(spec)) {
    if (replies.length === requests.length) break;
    const rest = requests.slice(replies.length);
    const sent = await sendThrough(act, host, rest);
    replies.push(...sent.replies.map((reply) => ({ by: host.name, reply })));
    if (sent.failure === undefined) continue;
    silences.push(`${host.name}: ${sent.failure.because}`);
    if (!sent.failure.notSent && rest[sent.replies.length]?.method === "POST") break;
  }
  const refused = replies.flatMap(({ by, reply }, index) => {
    const request = requests[index];
    const refusal = okStatuses.includes(reply.status) ? undefined : refusalOf(reply);
    return refusal === undefined || request === undefined ? [] : [apiRefused(by, request, refusal)];
  });
  const [first, ...others] = refused;
  if (first !== undefined) throw new ProblemError([first, ...others]);
  if (replies.length < requests.length) throw new ProblemError(apiSilent(silences.join("; ")));
  return replies.map((one) => one.reply);
}

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
      return { replies, failure: { because: cause.problem.message, notSent: false } };
    }
  }
  return { replies };
}
