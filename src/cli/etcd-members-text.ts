import { etcdRole } from "../cluster/etcd-role.ts";
import type { EtcdMemberStatus } from "../cluster/etcd-status.ts";
import { printableText } from "../problems/printable-text.ts";
import { sizeText } from "../report/size-text.ts";
import { table } from "../report/table.ts";

/** What `slipway etcd members` prints of members the cluster lists; those that do not answer are named below, with why. */
export function etcdMembersText(members: readonly EtcdMemberStatus[]): string {
  const silent = members.filter((member) => member.status === undefined);
  return [
    table(members, [
      { title: "member", value: nameOf },
      { title: "id", value: (member) => member.id },
      { title: "role", value: etcdRole },
      { title: "version", value: (member) => member.status?.version },
      { title: "db size", value: (member) => member.status && sizeText(member.status.dbSizeBytes), align: "right" },
      { title: "in use", value: (member) => member.status && sizeText(member.status.dbInUseBytes), align: "right" },
      { title: "raft term", value: (member) => member.status?.raftTerm, align: "right" },
      { title: "raft index", value: (member) => member.status?.raftIndex, align: "right" },
      { title: "client urls", value: (member) => member.clientUrls.join(", ") },
    ]),
    ...silent.map((member) => printableText(`${nameOf(member)} does not answer: ${member.health.because}`)),
  ].join("\n");
}

function nameOf(member: EtcdMemberStatus): string {
  return member.name || "(not started)";
}
