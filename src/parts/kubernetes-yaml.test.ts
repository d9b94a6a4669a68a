import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { kubernetesYaml } from "./kubernetes-yaml.ts";

describe("kubernetesYaml", () => {
  test.each([
    "yes",
    "no",
    "on",
    "Off",
    "y",
    "N",
    "0123",
    "1:30",
    "12_000",
    "1e3",
    "~",
    "null",
    "2026-01-01",
    "0x1F",
    ".inf",
  ])("keeps the text %s a text for readers of YAML 1.1", (text) => {
    const written = kubernetesYaml({ value: text, [text]: 1 });
    expect(parse(written, { version: "1.1" })).toEqual({ value: text, [text]: 1 });
    expect(parse(written)).toEqual({ value: text, [text]: 1 });
  });

  test("writes what is there twice twice: not every reader knows aliases", () => {
    const shared = { cpu: "1" };
    expect(kubernetesYaml({ one: shared, other: shared })).toBe('one:\n  cpu: "1"\nother:\n  cpu: "1"\n');
  });
});
