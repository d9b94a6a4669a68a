import { mayStopMember, type Permission } from "../../domain/quorum.ts";
import type { Act } from "../../engine/step.ts";
import { etcdGatewayMembers } from "../../facts/etcd-gateway-members.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import { type WayToEtcd, waysToEtcd } from "./ways-to-etcd.ts";

/**
 * Whether the stacked etcd member of a host may be stopped: the others that answer have to be a quorum. A member that does
 * not answer may be, whatever the others do: nothing is taken away.
 */
export async function mayStopStackedMember(
  act: Pick<Act, "factOf">,
  spec: ClusterSpec,
  { name }: HostSpec,
): Promise<Permission> {
  const hosts = controlPlaneHosts(spec);
  const ways = waysToEtcd(spec).filter(({ host, member }) => host === member);
  const answers = await Promise.all(ways.map((way) => answersThere(act, way)));
  const answering = answers.filter((one) => one).length;
  const isAnswering = ways.some(({ member }, index) => member === name && answers[index] === true);
  if (!isAnswering) return { allowed: true, because: `the member on ${name} does not answer` };
  return mayStopMember({ voting: hosts.length, answering }, isAnswering);
}

/** Whether a member answers on its own host. */
async function answersThere(act: Pick<Act, "factOf">, { host, access }: WayToEtcd): Promise<boolean> {
  try {
    return (await act.factOf(host, etcdGatewayMembers(access))) !== "not-answering";
  } catch (cause) {
    // A host that is away has no member that answers.
    if (cause instanceof ProblemError && cause.problem.code.startsWith("ssh/")) return false;
    throw cause;
  }
}
