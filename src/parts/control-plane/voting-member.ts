import type { Act } from "../../engine/step.ts";
import { etcdGatewayMembers } from "../../facts/etcd-gateway-members.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { stackedPeerUrl, waysToEtcd } from "./ways-to-etcd.ts";

/**
 * Whether the stacked etcd counts a host among its voting members. Asked of the other members: the host's own may not
 * answer yet. False where none of them answers.
 */
export async function isVotingMember(
  act: Pick<Act, "factOf">,
  spec: ClusterSpec,
  { name, address }: HostSpec,
): Promise<boolean> {
  const own = stackedPeerUrl(address);
  for (const { host, member, access } of waysToEtcd(spec)) {
    if (host === name || member !== host) continue;
    try {
      const members = await act.factOf(host, etcdGatewayMembers(access));
      if (members === "not-answering") continue;
      return members.some((one) => one.peerUrls.includes(own) && !one.learner);
    } catch (cause) {
      // Another member is asked instead of one whose host is away.
      if (!(cause instanceof ProblemError) || !cause.problem.code.startsWith("ssh/")) throw cause;
    }
  }
  return false;
}
