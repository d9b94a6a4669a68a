import { expect, test } from "vitest";
import { distributionOf } from "./distribution.ts";

const os = (id: string, versionId: string) => ({ id, versionId, like: [], prettyName: `${id} ${versionId}` });

test.each([
  ["debian", "12", "debian-12"],
  ["debian", "13", "debian-13"],
  ["ubuntu", "22.04", "ubuntu-22.04"],
  ["ubuntu", "24.04", "ubuntu-24.04"],
  ["rocky", "8.10", "rhel-8"],
  ["rocky", "9.6", "rhel-9"],
  ["almalinux", "9.6", "rhel-9"],
  ["rhel", "8.10", "rhel-8"],
  ["openEuler", "22.03", "openeuler-22"],
])("%s %s is %s", (id, version, name) => {
  expect(distributionOf(os(id, version)).name).toBe(name);
});

test.each([
  ["debian", "11"],
  ["debian", ""],
  ["ubuntu", "23.10"],
  ["fedora", "42"],
  ["rhel", "7.9"],
])("%s %s is refused, with the supported ones listed", (id, version) => {
  expect(() => distributionOf(os(id, version))).toThrow("host/unsupported-distribution");
});

test("hosts that run alike distributions share one row", () => {
  expect(distributionOf(os("rocky", "9.4"))).toBe(distributionOf(os("almalinux", "9.6")));
});
