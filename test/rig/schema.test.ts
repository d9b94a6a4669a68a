import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { cliRig, repository } from "../support/cli-rig.ts";

const rig = cliRig();
afterAll(() => rig[Symbol.dispose]());

type Schema = { readonly [keyword: string]: unknown };

/** What each keyword of draft 2020-12 that occurs may hold: https://json-schema.org/draft/2020-12 (2026-11-21). */
const isText = (value: unknown) => typeof value === "string";
const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;
const isNumber = (value: unknown) => typeof value === "number";
const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isSchemas = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isSchema);
const types = ["null", "boolean", "object", "array", "number", "string", "integer"];
const keywords: Readonly<Record<string, (value: unknown) => boolean>> = {
  $schema: (value) => value === "https://json-schema.org/draft/2020-12/schema",
  $id: (value) => isText(value) && URL.canParse(String(value)),
  title: isText,
  description: isText,
  default: () => true,
  examples: Array.isArray,
  type: (value) => [value].flat().every((one) => types.includes(String(one))),
  const: () => true,
  enum: (value) => Array.isArray(value) && new Set(value).size === value.length && value.length > 0,
  pattern: (value) => isText(value) && new RegExp(String(value), "u") instanceof RegExp,
  minLength: isCount,
  maxLength: isCount,
  minItems: isCount,
  maxItems: isCount,
  minimum: isNumber,
  maximum: isNumber,
  required: (value) => Array.isArray(value) && value.every(isText),
  properties: (value) => isSchema(value) && Object.values(value).every(isSchema),
  additionalProperties: (value) => typeof value === "boolean" || isSchema(value),
  propertyNames: isSchema,
  items: isSchema,
  anyOf: isSchemas,
};

/** The schemas directly below a schema, with what they are reached by. */
function below(schema: Schema): readonly (readonly [string, Schema])[] {
  return Object.entries(schema).flatMap(([keyword, value]): [string, Schema][] => {
    if (keyword === "properties" && isSchema(value)) return Object.entries(value) as [string, Schema][];
    if (keyword === "anyOf") return (value as Schema[]).map((one, index) => [`anyOf ${index}`, one]);
    const isOne = ["items", "additionalProperties", "propertyNames"].includes(keyword);
    return isOne && isSchema(value) ? [[keyword, value]] : [];
  });
}

function wrongKeywords(schema: Schema, path: string): readonly string[] {
  const own = Object.entries(schema).flatMap(([keyword, value]) =>
    keywords[keyword]?.(value) === true ? [] : [`${path}: ${keyword}`],
  );
  return [...own, ...below(schema).flatMap(([name, one]) => wrongKeywords(one, `${path}.${name}`))];
}

/** What the schema says against a value; only what this schema uses. */
function violations(schema: Schema, value: unknown, path: string): readonly string[] {
  if (Array.isArray(schema.anyOf)) {
    const branches = schema.anyOf.map((one: Schema) => violations(one, value, path));
    return branches.some((one) => one.length === 0) ? [] : (branches[0] ?? []);
  }
  const found = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  const type = String(schema.type ?? found).replace("integer", "number");
  if (type !== found) return [`${path}: ${found} instead of ${type}`];
  if ("const" in schema && schema.const !== value) return [`${path}: not ${String(schema.const)}`];
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) return [`${path}: not one of ${schema.enum}`];
  if (typeof schema.pattern === "string" && !new RegExp(schema.pattern, "u").test(String(value)))
    return [`${path}: does not match ${schema.pattern}`];
  if (Number(value) < Number(schema.minimum) || Number(value) > Number(schema.maximum))
    return [`${path}: out of range`];
  if (Array.isArray(value))
    return value.flatMap((one, index) => violations(schema.items as Schema, one, `${path}[${index}]`));
  if (!isSchema(value)) return [];
  const missing = ((schema.required ?? []) as string[]).filter((name) => !(name in value));
  const known = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  return [
    ...missing.map((name) => `${path}: no ${name}`),
    ...Object.entries(value).flatMap(([name, one]) => {
      const more = schema.additionalProperties;
      const about = known[name] ?? (isSchema(more) ? more : undefined);
      return about === undefined ? [`${path}.${name}: not known`] : violations(about, one, `${path}.${name}`);
    }),
  ];
}

let schema: Schema = {};
beforeAll(async () => {
  schema = JSON.parse((await rig.run(["schema"])).stdout);
});

describe("the schema for editors", () => {
  test("uses the keywords of draft 2020-12, each with what it may hold", () => {
    expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(wrongKeywords(schema, "$")).toEqual([]);
  });

  test("is the same as YAML, and as JSON when asked for", async () => {
    const [json, yaml] = await Promise.all(["json", "yaml"].map((format) => rig.run(["schema", "-o", format])));
    expect(JSON.parse(json?.stdout ?? "")).toEqual(schema);
    expect(parse(yaml?.stdout ?? "")).toEqual(schema);
  });

  test("forbids what is unknown, everywhere, so that an editor finds misspelt names", () => {
    const open = (one: Schema, path: string): readonly string[] => [
      ...(one.type === "object" && one.additionalProperties === undefined ? [path] : []),
      ...below(one).flatMap(([name, next]) => open(next, `${path}.${name}`)),
    ];
    expect(open(schema, "$")).toEqual([]);
  });

  test.each(readdirSync(join(repository, "examples")))("accepts the example %s", (name) => {
    const text = readFileSync(join(repository, "examples", name, "cluster.yaml"), "utf8");
    expect(violations(schema, parse(text), "$")).toEqual([]);
  });

  test("accepts what it gives as examples and defaults", () => {
    const check = (one: Schema, path: string): readonly string[] => [
      ...((one.examples ?? []) as unknown[]).flatMap((example) => violations(one, example, `${path} example`)),
      ...("default" in one ? violations(one, one.default, `${path} default`) : []),
      ...below(one).flatMap(([name, next]) => check(next, `${path}.${name}`)),
    ];
    expect(check(schema, "$")).toEqual([]);
  });

  test("refuses a misspelt field and a value of another type", () => {
    const text = readFileSync(join(repository, "examples/minimal/cluster.yaml"), "utf8");
    const misspelt = parse(text.replace("address: 10.0.0.21", "adress: 10.0.0.21"));
    expect(violations(schema, misspelt, "$")).toEqual([
      "$.spec.hosts[2]: no address",
      "$.spec.hosts[2].adress: not known",
    ]);
    const wrong = parse(text.replace("prefix: 24", "prefix: wide"));
    expect(violations(schema, wrong, "$")).not.toEqual([]);
  });
});
