import { expect, test } from "vitest";
import { needsContainerd2 } from "./containerd-two.ts";

test.each([
  ["1.36.0", true],
  ["v1.36.2", true],
  ["1.40.1", true],
  ["1.35.4", false],
  ["v1.9.0", false],
])("Kubernetes %s needs containerd 2: %s", (version, needs) => {
  expect(needsContainerd2(version)).toBe(needs);
});
