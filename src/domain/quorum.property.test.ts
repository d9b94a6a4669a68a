import fc from "fast-check";
import { expect, test } from "vitest";
import { failureTolerance, mayAddMember, mayStopMember, quorum } from "./quorum.ts";

const clusterSize = fc.integer({ min: 1, max: 99 });

test("two quorums of the same members always share one", () => {
  fc.assert(
    fc.property(clusterSize, (size) => {
      expect(2 * quorum(size)).toBeGreaterThan(size);
    }),
  );
});

test("quorum is the smallest number with that property", () => {
  fc.assert(
    fc.property(clusterSize, (size) => {
      expect(2 * (quorum(size) - 1)).toBeLessThanOrEqual(size);
    }),
  );
});

test("an even number tolerates no more than the odd one below it", () => {
  fc.assert(
    fc.property(clusterSize, (half) => {
      expect(failureTolerance(2 * half)).toBe(failureTolerance(2 * half - 1));
    }),
  );
});

test("however members are stopped with permission, a quorum goes on answering", () => {
  fc.assert(
    fc.property(clusterSize, fc.array(fc.boolean(), { maxLength: 200 }), (voting, tries) => {
      let answering = voting;
      for (const returns of tries) {
        if (returns && answering < voting) answering += 1;
        else if (mayStopMember({ voting, answering }, true).allowed) answering -= 1;
        expect(answering).toBeGreaterThanOrEqual(quorum(voting));
      }
    }),
  );
});

test("a member that is added with permission may fail at once, and a quorum of the larger cluster answers, save from one to two", () => {
  fc.assert(
    fc.property(clusterSize, fc.nat({ max: 99 }), (voting, silent) => {
      const answering = Math.max(0, voting - silent);
      const { allowed } = mayAddMember({ voting, answering });
      expect(allowed).toBe(silent === 0);
      if (allowed && voting > 1) expect(answering).toBeGreaterThanOrEqual(quorum(voting + 1));
    }),
  );
});
