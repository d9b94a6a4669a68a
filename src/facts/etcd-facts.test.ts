import { describe, expect, test } from "vitest";
import type { CommandResult } from "../hosts/port.ts";
import { etcdEndpointStatus, etcdHealth } from "./etcd-endpoint.ts";
import { etcdMembers } from "./etcd-members.ts";

function answer(stdout: string, exitCode = 0, stderr = ""): CommandResult {
  return {
    kind: "result",
    exitCode,
    stdout: Buffer.from(stdout),
    stderr: Buffer.from(stderr),
    truncated: false,
    durationMs: 1,
  };
}

describe("members", () => {
  // etcdctl 3.4.23: one started member, one learner that was added and never started.
  const list =
    '{"header":{"cluster_id":12101053776118486841,"member_id":15985099378392235387,"raft_term":2},"members":[{"ID":4015177276379882426,"peerURLs":["http://127.0.0.1:12390"],"isLearner":true},{"ID":15985099378392235387,"name":"a","peerURLs":["http://127.0.0.1:12380"],"clientURLs":["http://127.0.0.1:12379"]}]}';

  test("keep all 64 bits of their identifiers", () => {
    expect(etcdMembers(2379).parse([answer(list)])).toEqual({
      answers: true,
      clusterId: "a7ef944b95711739",
      members: [
        { id: "37b8c675a4d7e3ba", name: "", peerUrls: ["http://127.0.0.1:12390"], clientUrls: [], learner: true },
        {
          id: "ddd67b312462fd7b",
          name: "a",
          peerUrls: ["http://127.0.0.1:12380"],
          clientUrls: ["http://127.0.0.1:12379"],
          learner: false,
        },
      ],
    });
  });

  test("are silent with etcdctl's own words, not its log lines", () => {
    const stderr = '{"level":"warn","msg":"retrying of unary invoker failed"}\nError: context deadline exceeded\n';
    expect(etcdMembers(2379).parse([answer("", 1, stderr)])).toEqual({
      answers: false,
      because: "context deadline exceeded",
    });
    expect(etcdMembers(2379).parse([answer("", 127, "etcdctl: not found")])).toEqual({
      answers: false,
      because: "etcdctl is not installed",
    });
  });

  test("are not guessed", () => {
    expect(() => etcdMembers(2379).parse([answer("{}")])).toThrow("host/output-not-understood");
    expect(() => etcdMembers(2379).parse([answer("not json")])).toThrow("host/output-not-understood");
  });
});

describe("an endpoint's status", () => {
  test("is read as 3.4 to 3.6 print it", () => {
    const text =
      '[{"Endpoint":"http://127.0.0.1:12379","Status":{"header":{"cluster_id":12101053776118486841,"member_id":15985099378392235387,"revision":1,"raft_term":2},"version":"3.6.5","dbSize":20480,"leader":15985099378392235387,"raftIndex":4,"raftTerm":2,"raftAppliedIndex":4,"errors":["memberID:1 alarm:NOSPACE "],"dbSizeInUse":16384,"storageVersion":"3.6.0","dbSizeQuota":2147483648}}]';
    expect(etcdEndpointStatus(2379).parse([answer(text)])).toEqual({
      answers: true,
      clusterId: "a7ef944b95711739",
      memberId: "ddd67b312462fd7b",
      version: "3.6.5",
      dbSizeBytes: 20480,
      dbInUseBytes: 16384,
      leaderId: "ddd67b312462fd7b",
      revision: 1,
      raftTerm: 2,
      raftIndex: 4,
      raftAppliedIndex: 4,
      learner: false,
      errors: ["memberID:1 alarm:NOSPACE "],
    });
  });

  test("names no leader as 0, which etcdctl leaves out", () => {
    const text =
      '[{"Endpoint":"x","Status":{"header":{"cluster_id":1,"member_id":2},"version":"3.4.23","raftTerm":3}}]';
    expect(etcdEndpointStatus(2379).parse([answer(text)])).toMatchObject({ leaderId: "0", memberId: "2" });
  });

  test("is silent when nobody answers: an empty list and exit code 1", () => {
    const stderr = "Failed to get the status of endpoint https://127.0.0.1:2379 (context deadline exceeded)\n";
    expect(etcdEndpointStatus(2379).parse([answer("[]\n", 1, stderr)])).toEqual({
      answers: false,
      because: stderr.trim(),
    });
  });
});

describe("an endpoint's health", () => {
  test.each([
    ["1.505481ms", 1.505481],
    ["12m3.5s", 723_500],
    ["850µs", 0.85],
  ])("takes %s", (took, tookMs) => {
    const health = etcdHealth(2379).parse([answer(`[{"endpoint":"x","health":true,"took":"${took}"}]`)]);
    expect(health).toMatchObject({ healthy: true });
    expect(health.tookMs).toBeCloseTo(tookMs, 6);
  });

  test("says why it is bad", () => {
    const text = '[{"endpoint":"x","health":false,"took":"2.001s","error":"context deadline exceeded"}]';
    expect(etcdHealth(2379).parse([answer(text, 1, "Error: unhealthy cluster\n")])).toEqual({
      healthy: false,
      tookMs: 2001,
      because: "context deadline exceeded",
    });
    expect(etcdHealth(2379).parse([answer("", 1, "Error: open /x: no such file or directory\n")])).toEqual({
      healthy: false,
      because: "open /x: no such file or directory",
    });
  });
});
