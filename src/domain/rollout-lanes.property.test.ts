import fc from "fast-check";
import { expect, test } from "vitest";
import { rolloutLanes } from "./rollout-lanes.ts";

const hostCount = fc.integer({ min: 1, max: 5000 });

test("every host is in one lane", () => {
  fc.assert(
    fc.property(hostCount, (hosts) => {
      const lanes = rolloutLanes(hosts);
      expect(lanes).toHaveLength(hosts);
      expect(lanes.every((lane) => Number.isInteger(lane) && lane >= 0)).toBe(true);
    }),
  );
});

test("at most a tenth of the hosts, but always one, are changed at once", () => {
  fc.assert(
    fc.property(hostCount, (hosts) => {
      const atOnce = new Set(rolloutLanes(hosts)).size;
      expect(atOnce).toBeGreaterThanOrEqual(1);
      expect(atOnce).toBeLessThanOrEqual(Math.max(1, hosts / 10));
    }),
  );
});

test("no lane is longer than another by more than one host, so that none keeps the others waiting", () => {
  fc.assert(
    fc.property(hostCount, (hosts) => {
      const sizes = new Map<number, number>();
      for (const lane of rolloutLanes(hosts)) sizes.set(lane, (sizes.get(lane) ?? 0) + 1);
      expect(Math.max(...sizes.values()) - Math.min(...sizes.values())).toBeLessThanOrEqual(1);
    }),
  );
});

test("no hosts have no lanes, and a count that is none is refused", () => {
  expect(rolloutLanes(0)).toEqual([]);
  for (const count of [-1, 1.5, Number.NaN]) expect(() => rolloutLanes(count)).toThrow(RangeError);
});
