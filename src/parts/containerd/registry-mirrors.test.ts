import { describe, expect, test } from "vitest";
import { hostsToml } from "./registry-mirrors.ts";
import { tomlString } from "./toml-string.ts";

const mirror = { url: "https://mirror.example", skipVerify: false };
const settings = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

describe("hosts.toml", () => {
  test("names Docker's registry by the name it answers at", () => {
    expect(settings(hostsToml("docker.io", [mirror]))).toEqual([
      'server = "https://registry-1.docker.io"',
      '[host."https://mirror.example"]',
      '  capabilities = ["pull", "resolve"]',
    ]);
  });

  test("keeps the order of the mirrors", () => {
    const text = hostsToml("quay.io", [{ ...mirror, url: "https://b.example" }, mirror]);
    expect(text.indexOf("b.example")).toBeLessThan(text.indexOf("mirror.example"));
  });

  test("uses an address with the API's path as it is", () => {
    expect(hostsToml("quay.io", [{ ...mirror, url: "https://harbor.example/v2/quay" }])).toContain(
      "override_path = true",
    );
    expect(hostsToml("quay.io", [{ ...mirror, url: "https://harbor.example/v20" }])).not.toContain("override_path");
  });

  test("has no server for the registries that have no folder of their own", () => {
    expect(hostsToml("_default", [mirror])).not.toContain("server =");
  });
});

test.each([
  ['a"b', '"a\\"b"'],
  ["a\\b", '"a\\\\b"'],
  ["a\nb = 1", '"a\\nb = 1"'],
  ["\u007f\u0000", '"\\u007F\\u0000"'],
])("%j cannot leave its TOML string", (text, written) => {
  expect(tomlString(text)).toBe(written);
});
