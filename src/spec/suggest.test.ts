import { describe, expect, test } from "vitest";
import { suggest } from "./suggest.ts";

const fields = ["podCIDR", "serviceCIDR", "nodePrefix", "dnsDomain", "maxPodsPerNode"];

describe("suggest", () => {
  test.each([
    ["podCIDR", "podCIDR"],
    ["pod_cidr", "podCIDR"],
    ["pod-cidr", "podCIDR"],
    ["podcird", "podCIDR"],
    ["srviceCIDR", "serviceCIDR"],
    ["nodePrefixx", "nodePrefix"],
    ["dsnDomain", "dnsDomain"],
  ])("takes %s for %s", (word, meant) => expect(suggest(word, fields)).toBe(meant));

  test.each(["", "x", "frobnicate", "a".repeat(10_000)])("has nothing near %j", (word) =>
    expect(suggest(word, fields)).toBeUndefined(),
  );

  test("takes the nearest of several", () => {
    expect(suggest("w-2", ["w-1", "w-22", "w-2x", "w-2"])).toBe("w-2");
  });
});
