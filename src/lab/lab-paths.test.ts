import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cableName, hardwareAddress, labTag } from "./lab-paths.ts";
import { labNamePattern } from "./lab-record.ts";

const labNames = fc.stringMatching(labNamePattern);

describe("what a lab is called on this computer", () => {
  test("interface names are at most 15 characters, whatever the lab and the number of machines", () => {
    fc.assert(
      fc.property(labNames, fc.nat(99), (lab, place) => {
        expect(cableName(lab, place).length).toBeLessThanOrEqual(15);
        expect(cableName(lab, place).startsWith(`${labTag(lab)}-`)).toBe(true);
      }),
    );
  });

  test("hardware addresses are unicast and locally administered, and differ between machines and labs", () => {
    expect(hardwareAddress("demo", "cp-1")).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    const all = ["demo", "other"].flatMap((lab) =>
      ["cp-1", "cp-2", ""].map((machine) => hardwareAddress(lab, machine)),
    );
    expect(new Set(all).size).toBe(6);
  });

  test.each(["", "-a", "a-", "A", "a b", "../x", "a/b", "a".repeat(41), ".locks", "a\n"])(
    "%j is no name for a lab or a machine",
    (name) => {
      expect(labNamePattern.test(name)).toBe(false);
    },
  );
});
