import { curlBody, curlCredentials } from "./curl-body.ts";
import type { EtcdAccess } from "./etcd-value-prefixes.ts";
import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";

/** A member as etcd lists it. */
export interface EtcdListedMember {
  readonly peerUrls: readonly string[];
  readonly learner: boolean;
}

/** The members of etcd by its JSON gateway, for hosts without etcdctl; "not-answering" where nobody does. */
export function etcdGatewayMembers(access: EtcdAccess): Fact<readonly EtcdListedMember[] | "not-answering"> {
  const url = `${access.url}/v3/cluster/member/list`;
  const argv = curlBody(url, 10, [...curlCredentials(access), "--data", "{}"]);
  return {
    name: `etcd-gateway-members ${access.url}`,
    reads: [{ kind: "run", argv }],
    parse([answer]) {
      const { exitCode, stdout } = commandOf("etcd-gateway-members", url, answer);
      if (exitCode !== 0) return "not-answering";
      const members = membersIn(stdout.toString("utf8"));
      if (members === undefined) throw notUnderstood("etcd-gateway-members", url, answer, "it is no list of members");
      return members;
    },
  };
}

function membersIn(text: string): readonly EtcdListedMember[] | undefined {
  let list: { readonly members?: readonly { readonly peerURLs?: readonly string[]; readonly isLearner?: boolean }[] };
  try {
    list = JSON.parse(text) as typeof list;
  } catch (cause) {
    // Whoever answers something else than JSON is not etcd, and is named as that.
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
  return list.members?.map(({ peerURLs = [], isLearner = false }) => ({ peerUrls: peerURLs, learner: isLearner }));
}
