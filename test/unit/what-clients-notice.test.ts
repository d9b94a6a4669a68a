import { describe, expect, test } from "vitest";
import { type Asked, noticed } from "../../bench/api-availability/asked.ts";
import { lossIn } from "../../bench/etcd-loss/writes.ts";
import { outageIn } from "../../bench/failover/outage.ts";

describe("what a client of the virtual IP noticed", () => {
  const answered = (at: number) => ({ startedAt: at, endedAt: at + 5 });
  const failed = (at: number) => ({ startedAt: at, endedAt: at + 1000, failure: "no answer in time" });

  test("is the longest time from one answer to the next, whatever failed in between", () => {
    const probes = [answered(0), answered(50), failed(100), failed(150), answered(200), answered(250)];
    expect(outageIn(probes, 0, 255)).toEqual({ probes: 6, failed: 2, longestSilenceMs: 150 });
  });

  test("counts a silence that has not ended", () => {
    expect(outageIn([answered(0), failed(50)], 0, 900)).toMatchObject({ failed: 1, longestSilenceMs: 895 });
  });

  test("counts a silence from the very start", () => {
    expect(outageIn([answered(400)], 0, 450)).toMatchObject({ longestSilenceMs: 405 });
  });
});

describe("what a client of etcd noticed", () => {
  const write = (startedAt: number, endedAt: number, term?: number) => ({
    startedAt,
    endedAt,
    failures: term === undefined ? ["etcdserver: no leader"] : [],
    ...(term !== undefined && { term }),
  });

  test("tells writes that were given up before an election from those after it", () => {
    const writes = [write(0, 5, 2), write(10, 300), write(20, 400, 3), write(410, 420, 3), write(430, 800)];
    expect(lossIn(writes, 0, 1000)).toEqual({
      writes: 5,
      failed: 2,
      failedTries: 2,
      longestSilenceMs: 580,
      electedAfterMs: 400,
      failedAfterElection: 1,
    });
  });

  test("calls every lost write one after the election when nobody had to be elected", () => {
    const loss = lossIn([write(0, 5, 2), write(10, 300), write(310, 320, 2)], 0, 330);
    expect(loss).toMatchObject({ failed: 1, failedAfterElection: 1, longestSilenceMs: 315 });
    expect(loss).not.toHaveProperty("electedAfterMs");
  });
});

describe("what a client of the API noticed", () => {
  const asked = (startedAt: number, endedAt: number, more: Partial<Asked> = {}): Asked => ({
    ...{ kind: "http1", method: "GET", startedAt, endedAt, retries: [], ...more },
  });

  test("keeps what failed apart from what was answered after another try, and both from slow answers", () => {
    const all = [
      asked(0, 10),
      asked(100, 1300),
      asked(200, 1250, { retries: ["503 with Retry-After: 1"] }),
      asked(300, 320, { method: "PATCH", failure: "socket hang up" }),
      asked(400, 410),
      asked(410, 420, { kind: "new", failure: "500" }),
    ];
    expect(noticed(all, "http1", 0, 1400)).toEqual({
      kind: "http1",
      requests: 5,
      failed: 1,
      failures: { "PATCH: socket hang up": 1 },
      retried: 1,
      retries: { "GET: 503 with Retry-After: 1": 1 },
      medianMs: 20,
      longestMs: 1200,
      longestSilenceMs: 840,
      disturbedMs: 300,
    });
  });

  test("counts what was tried again in vain as failed only", () => {
    const all = [asked(0, 50, { retries: ["429 with Retry-After: 1"], failure: "429" })];
    expect(noticed(all, "http1", 0, 100)).toMatchObject({ failed: 1, retried: 0 });
  });
});
