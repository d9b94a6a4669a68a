import type { Read } from "../hosts/port.ts";
import { fieldOf, idIn, listIn, parseEtcdJson, textIn } from "./etcd-json.ts";
import { etcdctl } from "./etcd-layout.ts";
import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";

/** A member as the cluster lists it. */
export interface EtcdMember {
  /** Hexadecimal. */
  readonly id: string;
  /** "" until it has started for the first time, when it was added to a running cluster. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  /** Empty until it has started for the first time. */
  readonly clientUrls: readonly string[];
  readonly learner: boolean;
}

/** No answer, and why: etcd does not run there, or its quorum is lost. */
export interface EtcdSilence {
  readonly answers: false;
  readonly because: string;
}
export interface EtcdMemberList {
  readonly answers: true;
  readonly clusterId: string;
  readonly members: readonly EtcdMember[];
}

/** The members of the cluster the host's own member belongs to. Formats of etcdctl 3.4 to 3.6. */
export function etcdMembers(clientPort: number): Fact<EtcdMemberList | EtcdSilence> {
  const argv = etcdctl(clientPort, ["member", "list", "--write-out=json"]);
  const reads: readonly Read[] = [{ kind: "run", argv }];
  return {
    name: "etcd-members",
    reads,
    parse([answer]) {
      const result = commandOf("etcd-members", "etcdctl member list", answer);
      if (result.exitCode !== 0) return { answers: false, because: etcdReason(result) };
      const value = parseEtcdJson(result.stdout.toString("utf8"));
      const members = listIn(value, "members");
      if (fieldOf(value, "header", "cluster_id") === undefined || members.length === 0) {
        throw notUnderstood("etcd-members", "etcdctl member list", answer, "it has no cluster_id or no members");
      }
      return {
        answers: true,
        clusterId: idIn(value, "header", "cluster_id"),
        members: members.map((member) => ({
          id: idIn(member, "ID"),
          name: textIn(member, "name"),
          peerUrls: listIn(member, "peerURLs").map(String),
          clientUrls: listIn(member, "clientURLs").map(String),
          learner: fieldOf(member, "isLearner") === true,
        })),
      };
    },
  };
}

/** The last thing etcdctl says for people; its own log lines are JSON. */
export function etcdReason(result: { readonly exitCode: number; readonly stderr: Buffer }): string {
  if (result.exitCode === 127) return "etcdctl is not installed";
  const lines = result.stderr
    .toString("utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("{"));
  return lines.at(-1)?.replace(/^Error:\s*/, "") ?? `etcdctl ended with exit code ${result.exitCode}`;
}
