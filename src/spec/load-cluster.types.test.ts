import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseDocument, stringify } from "yaml";
import type { JsonSchema } from "./json-schema.ts";
import { clusterJsonSchema, mappingOf } from "./json-schema.ts";
import { loadCluster } from "./load-cluster.ts";

/** A file with every field, so that each can be made wrong in its place. */
const full = parseDocument(
  readFileSync(join(import.meta.dirname, "../../test/cases/cluster-files/every-field.txt"), "utf8"),
).toJS() as unknown;

type Path = readonly (string | number)[];

interface Field {
  readonly path: Path;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

/** Every field of the schema with its path in the full file: the first item of a list, the first key of a mapping. */
function fieldsOf(schema: JsonSchema, path: Path, isRequired: boolean): Field[] {
  const own: Field[] = path.length === 0 ? [] : [{ path, schema, isRequired }];
  const mapping = mappingOf(schema);
  const named = Object.entries(mapping.properties ?? {}).flatMap(([name, field]) =>
    fieldsOf(field, [...path, name], mapping.required?.includes(name) ?? false),
  );
  const items = schema.items === undefined ? [] : fieldsOf(schema.items, [...path, 0], false);
  const first = Object.keys((valueAt(path) ?? {}) as object)[0];
  const values =
    typeof schema.additionalProperties === "object" && first !== undefined
      ? fieldsOf(schema.additionalProperties, [...path, first], false)
      : [];
  return [...own, ...named, ...items, ...values];
}

function valueAt(path: Path): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<string | number, unknown> | undefined)?.[part], full);
}

/** The full file with one value changed, in block style so that each field has a line of its own. */
function changed(path: Path, value: unknown): string {
  const copy = structuredClone(full) as Record<string | number, unknown>;
  const parent = path.slice(0, -1).reduce((node, part) => {
    node[part] ??= {};
    return node[part] as Record<string | number, unknown>;
  }, copy);
  const last = path.at(-1) ?? "";
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return stringify(copy);
}

const wrongValues: readonly (readonly [string, unknown])[] = [
  ["text with a command in it", "$(reboot)\n"],
  ["a number", -7.5],
  ["true", true],
  ["null", null],
  ["a list of lists", [[]]],
  ["a mapping", { "no such field": 1 }],
  ["not a number", Number.NaN],
];

/** What a field does accept of the wrong values: true where the schema says boolean, values where any can be. */
function accepts(schema: JsonSchema, value: unknown): boolean {
  if (Object.keys(schema).every((key) => key === "description")) return value !== null && !Number.isNaN(value);
  const types = [schema, ...(schema.anyOf ?? [])].map((one) => one.type);
  return value === true && types.includes("boolean");
}

const fields = fieldsOf(clusterJsonSchema(), [], true);

test("the full file loads, and has every field of the schema", () => {
  expect(loadCluster(stringify(full), "cluster.yaml")).toMatchObject({ warnings: [] });
  const absent = fields
    .map((field) => field.path.join("."))
    .filter((_, index) => valueAt(fields[index]?.path ?? []) === undefined);
  // An endpoint is virtual or external, nothing is being replaced, containerd is a package or a release, and a plugin is
  // of one kind; these are set wrong all the same.
  expect(absent).toEqual([
    "spec.endpoint.external",
    "spec.endpoint.external.address",
    "spec.etcd.replacing",
    ...["backend", "kubeProxyReplacement", "hubble", "encryption", "routing"].map(
      (field) => `spec.network.plugin.${field}`,
    ),
    "spec.runtime.version",
  ]);
});

describe.each(fields.map((field) => [field.path.join("."), field] as const))(
  "%s",
  (_name, { path, schema, isRequired }) => {
    test.each(wrongValues)("is refused as %s, in its place", (_what, value) => {
      if (accepts(schema, value)) return;
      const text = changed(path, value);
      const loaded = loadCluster(text, "cluster.yaml");
      if (!("problems" in loaded)) throw new Error("the file loaded");
      const node = parseDocument(text).getIn(path, true) as { range?: readonly [number, number, number] } | undefined;
      const [start = 0, , end = text.length] = node?.range ?? [];
      const firstLine = text.slice(0, start).split("\n").length - (value === null ? 1 : 0);
      const lastLine = text.slice(0, end).split("\n").length;
      const lines = loaded.problems
        .filter((one) => one.severity === "error")
        .map((one) => one.where?.source?.line ?? 0);
      expect(lines.some((line) => line >= firstLine && line <= lastLine)).toBe(true);
    });

    if (!isRequired) return;
    test("is missed when it is not there", () => {
      const loaded = loadCluster(changed(path, undefined), "cluster.yaml");
      expect("problems" in loaded && loaded.problems).toEqual(
        expect.arrayContaining([expect.objectContaining({ code: "config/missing-field" })]),
      );
    });
  },
);
