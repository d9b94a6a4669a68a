import { expect, test } from "vitest";
import type { EtcdMemberStatus } from "../cluster/etcd-status.ts";
import { etcdMembersText } from "./etcd-members-text.ts";

function member(name: string, over: Partial<EtcdMemberStatus> = {}): EtcdMemberStatus {
  return {
    id: `id-of-${name}`,
    name,
    peerUrls: [`https://${name}:2380`],
    clientUrls: [`https://${name}:2379`],
    learner: false,
    leader: false,
    started: true,
    health: { healthy: true, because: "a read was answered" },
    ...over,
  };
}

const status = {
  answers: true,
  clusterId: "c",
  memberId: "m",
  version: "3.5.30",
  dbSizeBytes: 2 ** 20,
  dbInUseBytes: 2 ** 19,
  leaderId: "m",
  revision: 7,
  raftTerm: 3,
  raftIndex: 9,
  raftAppliedIndex: 9,
  learner: false,
  errors: [],
} as const;

test("a member that does not answer has no role, and is said not to answer", () => {
  const stopped = { health: { healthy: false, because: "etcd.service is inactive (dead)" } };
  const text = etcdMembersText([
    member("cp-1", { leader: true, status }),
    member("cp-2", { status }),
    member("cp-3", stopped),
  ]);
  const [, first, second, third, ...below] = text.split("\n");
  expect(first).toMatch(/^cp-1 +id-of-cp-1 +leader +3\.5\.30 /);
  expect(second).toMatch(/^cp-2 +id-of-cp-2 +follower +3\.5\.30 /);
  expect(third).toMatch(/^cp-3 +id-of-cp-3 +- +- /);
  expect(below).toEqual(["cp-3 does not answer: etcd.service is inactive (dead)"]);
});

test("a learner is one also before it answers", () => {
  const silent = { learner: true, started: false, health: { healthy: false, because: "connection refused" } };
  expect(
    etcdMembersText([member("", silent)])
      .split("\n")
      .slice(1),
  ).toEqual([
    expect.stringMatching(/^\(not started\) +id-of- +learner +- /),
    "(not started) does not answer: connection refused",
  ]);
});
