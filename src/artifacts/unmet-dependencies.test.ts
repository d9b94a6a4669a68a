import { expect, test } from "vitest";
import { unmetDependencies } from "./unmet-dependencies.ts";

const one = (name: string, fields: string) => ({ name, control: `Package: ${name}\n${fields}` });

test("a dependency is met by the package, an alternative, or one that provides it", () => {
  const packages = [
    one("a", "Depends: b (>= 1.2), c:any | nothing,\n d | e (= 3) [amd64]\nDescription: needs, nothing\n more"),
    one("b", "Pre-Depends: virtual"),
    one("c", "Provides: virtual (= 1), other"),
    one("e", "Depends: other"),
  ];
  expect(unmetDependencies(packages)).toEqual([]);
});

test("what nobody meets is named once", () => {
  const packages = [one("a", "Depends: x, y | z\nPre-Depends: x"), one("b", "Recommends: w\nSuggests: v")];
  expect(unmetDependencies(packages)).toEqual(["a needs x", "a needs y or z"]);
});
