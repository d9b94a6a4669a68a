import { expect, test } from "vitest";
import { kubernetesMinor } from "./kubernetes-minor.ts";

test.each([
  ["1.36.2", 36],
  ["v1.9.0", 9],
  ["2.1.0", 0],
  ["", 0],
])("the minor version of %s is %d", (version, minor) => {
  expect(kubernetesMinor(version)).toBe(minor);
});
