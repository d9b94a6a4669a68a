import { describe, expect, test } from "vitest";
import { failureTolerance, mayAddMember, mayStopMember, quorum } from "./quorum.ts";

describe("quorum", () => {
  // The table of https://etcd.io/docs/v3.6/faq/#what-is-failure-tolerance
  test.each([
    [1, 1, 0],
    [2, 2, 0],
    [3, 2, 1],
    [4, 3, 1],
    [5, 3, 2],
    [6, 4, 2],
    [7, 4, 3],
    [8, 5, 3],
    [9, 5, 4],
  ])("agrees with etcd's table for %i members", (size, majority, tolerance) => {
    expect(quorum(size)).toBe(majority);
    expect(failureTolerance(size)).toBe(tolerance);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("does not exist for %d members", (size) => {
    expect(() => quorum(size)).toThrow(RangeError);
  });
});

describe("mayStopMember", () => {
  test("allows the first of three", () => {
    expect(mayStopMember({ voting: 3, answering: 3 }, true)).toEqual({
      allowed: true,
      because: "3 of 3 voting members answer; 2 are left, quorum is 2",
    });
  });

  test("refuses the second of three, with the numbers", () => {
    expect(mayStopMember({ voting: 3, answering: 2 }, true)).toEqual({
      allowed: false,
      because: "2 of 3 voting members answer; 1 would be left, quorum is 2",
    });
  });

  test("allows the one that does not answer while the others are a quorum", () => {
    expect(mayStopMember({ voting: 3, answering: 2 }, false).allowed).toBe(true);
  });

  test("refuses the only member", () => {
    expect(mayStopMember({ voting: 1, answering: 1 }, true).allowed).toBe(false);
  });

  test("takes no impossible counts", () => {
    expect(() => mayStopMember({ voting: 3, answering: 4 }, true)).toThrow(RangeError);
    expect(() => mayStopMember({ voting: 3, answering: 0 }, true)).toThrow(RangeError);
  });
});

describe("mayAddMember", () => {
  test("allows a second member beside the one that answers", () => {
    expect(mayAddMember({ voting: 1, answering: 1 })).toEqual({
      allowed: true,
      because: "1 of 1 voting members answer; quorum is 1, and 2 with one more",
    });
  });

  test("refuses a fourth while one of three does not answer, with the numbers", () => {
    expect(mayAddMember({ voting: 3, answering: 2 })).toEqual({
      allowed: false,
      because: "2 of 3 voting members answer; quorum is 2, and all have to answer before there is one more",
    });
  });

  test("takes no impossible counts", () => {
    expect(() => mayAddMember({ voting: 3, answering: 4 })).toThrow(RangeError);
    expect(() => mayAddMember({ voting: 0, answering: 0 })).toThrow(RangeError);
    expect(() => mayAddMember({ voting: 3, answering: -1 })).toThrow(RangeError);
  });
});
