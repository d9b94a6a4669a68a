import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { loadCluster } from "./load-cluster.ts";
import { specDigest } from "./spec-digest.ts";

const text = readFileSync(join(import.meta.dirname, "../../examples/production/cluster.yaml"), "utf8");

function digestOf(content: string): string {
  const loaded = loadCluster(content, "cluster.yaml");
  if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems));
  return specDigest(loaded.spec);
}

test("the digest is the same for the same cluster written another way", () => {
  const file = parse(text) as { spec: Record<string, unknown> };
  const reversed = { ...file, spec: Object.fromEntries(Object.entries(file.spec).reverse()) };
  expect(digestOf(stringify(reversed))).toBe(digestOf(text));
  expect(digestOf(text)).toMatch(/^[0-9a-f]{64}$/);
});

test("the digest is another for another cluster", () => {
  expect(digestOf(text.replace("prefix: 24", "prefix: 25"))).not.toBe(digestOf(text));
});
