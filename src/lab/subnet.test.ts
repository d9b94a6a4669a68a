import { describe, expect, test } from "vitest";
import { ProblemError } from "../problems/problem.ts";
import { labSubnet, overlap } from "./subnet.ts";

function becauseOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.because;
    throw error;
  }
  return undefined;
}

describe("the network of a lab", () => {
  test("is the /24 of the first machine, with the lowest free address for this computer", () => {
    expect(labSubnet(["10.77.0.11", "10.77.0.32", "10.77.0.10"])).toEqual({
      cidr: "10.77.0.0/24",
      prefix: 24,
      gateway: "10.77.0.1",
    });
    expect(labSubnet(["10.77.0.2", "10.77.0.1"]).gateway).toBe("10.77.0.3");
  });

  test("may be given, also with an address inside it", () => {
    expect(labSubnet(["172.20.5.9"], "172.20.7.0/22")).toEqual({
      cidr: "172.20.4.0/22",
      prefix: 22,
      gateway: "172.20.4.1",
    });
  });

  test.each([
    [[], undefined, "there is no machine"],
    [["fd00::1"], undefined, '"fd00::1" is not an IPv4 address'],
    [["10.0.0.1; reboot"], undefined, '"10.0.0.1; reboot" is not an IPv4 address'],
    [["10.0.0.1", "10.0.1.1"], undefined, "10.0.1.1 is not a host address in 10.0.0.0/24"],
    [["10.0.0.255"], undefined, "10.0.0.255 is not a host address in 10.0.0.0/24"],
    [["10.0.0.1"], "10.0.0.0/8", "a lab subnet has a prefix of 16 to 29, found 8"],
    [["10.0.0.1"], "ten", '"ten" is not an IPv4 subnet'],
    [
      [1, 2, 3, 4, 5, 6].map((last) => `10.0.0.${last}`),
      "10.0.0.0/29",
      "10.0.0.0/29 has no address left for the gateway",
    ],
  ])("refuses %j in %s", (addresses, cidr, because) => {
    expect(becauseOf(() => labSubnet(addresses, cidr))).toBe(because);
  });

  test.each([
    ["10.0.0.0/24", "10.0.0.128/25", true],
    ["10.0.0.0/24", "10.0.1.0/24", false],
    ["10.0.0.7/32", "10.0.0.0/29", true],
    ["0.0.0.0/0", "198.18.0.0/24", true],
    ["255.255.255.0/24", "255.255.255.255/32", true],
  ])("knows whether %s and %s overlap", (one, other, expected) => {
    expect(overlap(one, other)).toBe(expected);
    expect(overlap(other, one)).toBe(expected);
  });
});
