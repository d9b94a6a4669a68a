import { kubeList } from "../../cluster/kube/kube-list.ts";
import type { Look } from "../../engine/step.ts";
import type { Fact } from "../../facts/fact.ts";
import { commandOf } from "../../facts/not-understood.ts";
import { pathStat } from "../../facts/path-stat.ts";
import type { HostName } from "../../hosts/port.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { nodeHosts } from "../../spec/hosts-by-role.ts";
import { type NoApi, noApi } from "../control-plane/no-api.ts";
import { kubeletServingPath, type ServingGroup, servingGroup, servingGroups } from "./nodes-layout.ts";
import {
  isPending,
  judgeServingRequest,
  requesterOf,
  type ServingJudgement,
  type ServingRequest,
  servingSigner,
} from "./serving-request.ts";

/** Where the API keeps requests. */
export const requestsPath = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

/** A pending request that is not what a kubelet of the cluster asks for. */
export interface StrangeRequest {
  readonly request: ServingRequest;
  readonly because: string;
}

/** Who has a serving certificate, who asks for one, and what for. */
export type ServingView =
  | NoApi
  | {
      readonly state: "seen";
      readonly ours: readonly ServingRequest[];
      readonly strange: readonly StrangeRequest[];
      /** Hosts without a certificate that have asked for one. */
      readonly asked: readonly HostSpec[];
      /** Hosts without a certificate that have not asked for one. */
      readonly silent: readonly HostSpec[];
    };

const checkEnd = ["openssl", "x509", "-noout", "-checkend", "0", "-in", kubeletServingPath];

/**
 * A kubelet has got a certificate to serve with that has not expired: its own file says so, which it alone may read and
 * which holds its key too. One that has expired is asked for anew by the kubelet, as often as it takes.
 */
const hasServingCertificate: Fact<boolean> = {
  name: "serving-certificate",
  reads: [
    { kind: "stat", path: kubeletServingPath },
    { kind: "run", argv: checkEnd },
  ],
  parse: ([stat, end]) =>
    pathStat(kubeletServingPath, stat).exists &&
    commandOf("serving-certificate", checkEnd.join(" "), end).exitCode !== 1,
};

interface Judged {
  readonly request: ServingRequest;
  readonly judgement: ServingJudgement;
}

/**
 * Of the nodes of a group. Requests of nobody the cluster file knows are strange to the last group there is. One round
 * trip to the API, and one to every host.
 */
export async function servingView(
  look: Pick<Look, "factOf">,
  spec: ClusterSpec,
  group: ServingGroup,
): Promise<ServingView> {
  const all = nodeHosts(spec);
  const hosts = servingGroup(spec, group);
  const others = new Set(all.flatMap((host) => (hosts.includes(host) ? [] : [host.name])));
  const isLast = servingGroups(spec).at(-1) === group;
  const concerns = (request: ServingRequest) => {
    const requester = requesterOf(request);
    return hosts.some((host) => host.name === requester) || (isLast && !others.has(requester as HostName));
  };
  const selector = `fieldSelector=${encodeURIComponent(`spec.signerName=${servingSigner}`)}`;
  const [answer, has] = await Promise.all([
    kubeList(look, spec, `${requestsPath}?${selector}`),
    Promise.all(hosts.map((host) => certificateOf(look, host))),
  ]);
  if (answer.state !== "answers") return noApi(answer);
  const requests = (answer.items as readonly unknown[] as readonly ServingRequest[]).filter(concerns);
  const judged = await Promise.all(
    latest(requests)
      .filter(isPending)
      .map(async (request): Promise<Judged> => ({ request, judgement: await judgeServingRequest(request, all) })),
  );
  const without = hosts.filter((_, index) => has[index] === false);
  // Also one that is signed: the kubelet is about to see it.
  const asking = new Set(requests.map(requesterOf));
  return {
    state: "seen",
    ours: judged.flatMap(({ request, judgement }) => (judgement.state === "ours" ? [request] : [])),
    strange: judged.flatMap(({ request, judgement }) =>
      judgement.state === "strange" ? [{ request, because: judgement.because.join(", ") }] : [],
    ),
    asked: without.filter((host) => asking.has(host.name)),
    silent: without.filter((host) => !asking.has(host.name)),
  };
}

/** Undefined for a host that cannot be reached: its own steps say so, and the others need not wait for it. */
async function certificateOf(look: Pick<Look, "factOf">, host: HostSpec): Promise<boolean | undefined> {
  try {
    return await look.factOf(host.name, hasServingCertificate);
  } catch (cause) {
    if (cause instanceof ProblemError && cause.problem.code.startsWith("ssh/")) return undefined;
    throw cause;
  }
}

/**
 * Of every requester the latest request. A kubelet that waited for a quarter of an hour forgets what it asked, with the
 * key, and asks anew; the API keeps the old ones for a day.
 */
function latest(requests: readonly ServingRequest[]): readonly ServingRequest[] {
  const byRequester = new Map<string | undefined, ServingRequest>();
  for (const request of requests) {
    const before = byRequester.get(request.spec.username);
    const isLater = (request.metadata.creationTimestamp ?? "") >= (before?.metadata.creationTimestamp ?? "");
    if (before === undefined || isLater) byRequester.set(request.spec.username, request);
  }
  return [...byRequester.values()];
}
