import { describe, expect, test } from "vitest";
import type { JsonSchema } from "./json-schema.ts";
import { clusterJsonSchema, mappingOf } from "./json-schema.ts";
import { clusterReference } from "./reference.ts";

const schema = clusterJsonSchema();

function everyNode(whole: JsonSchema, path: string): (readonly [string, JsonSchema])[] {
  const node = whole.anyOf === undefined ? whole : { ...mappingOf(whole), ...whole };
  const named = Object.entries(node.properties ?? {}).flatMap(([name, field]) => everyNode(field, `${path}.${name}`));
  const items = node.items === undefined ? [] : everyNode(node.items, `${path}[]`);
  const values = typeof node.additionalProperties === "object" ? everyNode(node.additionalProperties, `${path}.*`) : [];
  return [[path, node], ...named, ...items, ...values];
}

const nodes = everyNode(schema, "");

describe("the JSON Schema", () => {
  test("is of draft 2020-12", () => {
    expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
  });

  test("allows no field it does not name", () => {
    const open = nodes.filter(([, node]) => node.properties !== undefined && node.additionalProperties !== false);
    expect(open.map(([path]) => path)).toEqual([]);
  });

  test("describes every field", () => {
    const silent = nodes.filter(([path, node]) => /\.[a-zA-Z]+$/.test(path) && (node.description ?? "") === "");
    expect(silent.map(([path]) => path)).toEqual([]);
  });

  test("has patterns that are regular expressions, and examples and defaults that match them", () => {
    for (const [path, node] of nodes) {
      if (node.pattern === undefined) continue;
      const pattern = new RegExp(node.pattern, "u");
      for (const text of [...(node.examples ?? []), ...(node.default === undefined ? [] : [node.default])]) {
        expect(pattern.test(String(text)), `${path}: ${String(text)}`).toBe(true);
      }
    }
  });
});

describe("the reference", () => {
  test("has every field once", () => {
    const reference = clusterReference();
    const fields = nodes
      .map(([path]) => path.replace(/^\./, "").replace(/^spec\./, ""))
      .filter((path) => path.includes("."));
    for (const field of fields.filter((path) => !path.endsWith("[]"))) {
      expect(reference.split(`| \`${field}\` |`), field).toHaveLength(2);
    }
  });
});
