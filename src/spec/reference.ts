import type { JsonSchema } from "./json-schema.ts";
import { clusterJsonSchema, mappingOf } from "./json-schema.ts";

/** The reference of the cluster file as Markdown, from the schema: one table per section, and what each field can be. */
export function clusterReference(): string {
  const schema = clusterJsonSchema();
  const spec = schema.properties?.spec ?? {};
  const lines = [
    "# Cluster file",
    "",
    "One YAML document says what the cluster is. `slipway schema` prints its JSON Schema for editors, `slipway validate`",
    "checks a file, and `slipway init` writes one. Fields without a default and not marked required are optional. Unknown",
    "fields are errors. `[]` stands for the items of a list, `*` for any key of a mapping.",
    "",
    ...table([
      ...rowsOf("apiVersion", schema.properties?.apiVersion ?? {}, true),
      ...rowsOf("kind", schema.properties?.kind ?? {}, true),
      ...rowsOf("metadata", schema.properties?.metadata ?? {}, true),
    ]),
  ];
  for (const [name, section] of Object.entries(spec.properties ?? {})) {
    const isRequired = spec.required?.includes(name) ?? false;
    lines.push(`## spec.${name}`, "", `${section.description ?? ""}${isRequired ? " Required." : ""}`, "");
    const rows = section.items === undefined ? fieldsOf(`${name}`, section) : fieldsOf(`${name}[]`, section.items);
    lines.push(...table(rows));
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

type Row = readonly [field: string, type: string, fallback: string, description: string];

function table(rows: readonly Row[]): string[] {
  const cells = rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return ["| field | type | default | what it is |", "| --- | --- | --- | --- |", ...cells, ""];
}

function fieldsOf(path: string, whole: JsonSchema): Row[] {
  const schema = mappingOf(whole);
  const rows = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    rowsOf(`${path}.${name}`, field, schema.required?.includes(name) ?? false),
  );
  return typeof schema.additionalProperties === "object"
    ? [...rows, ...rowsOf(`${path}.*`, schema.additionalProperties, false)]
    : rows;
}

function rowsOf(path: string, schema: JsonSchema, isRequired: boolean): Row[] {
  const row: Row = [
    `\`${path}\``,
    typeText(schema),
    isRequired ? "required" : defaultText(schema),
    [schema.description ?? "", exampleText(schema)].filter((text) => text !== "").join(" "),
  ];
  const below = schema.items !== undefined ? itemRows(`${path}[]`, schema.items) : fieldsOf(path, schema);
  return [row, ...below];
}

function itemRows(path: string, items: JsonSchema): Row[] {
  return items.properties === undefined ? [] : fieldsOf(path, items);
}

function typeText(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeText))].join(" or ");
  switch (schema.type) {
    case "string":
      return "text";
    case "boolean":
      return "`true`, `false`";
    case "integer":
      return numberText(schema);
    case "array":
      return `list of ${schema.items?.properties === undefined ? typeText(schema.items ?? {}) : "mappings"}`;
    case "object":
      return "mapping";
    default:
      return "any value";
  }
}

function numberText({ minimum, maximum }: JsonSchema): string {
  const isBounded = minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return isBounded ? `number, ${minimum} to ${maximum}` : "number";
}

/** An object's defaults stand at its fields. */
function defaultText(schema: JsonSchema): string {
  const value = schema.default;
  if (value === undefined || (typeof value === "object" && schema.properties !== undefined)) return "";
  return `\`${typeof value === "string" && value !== "" ? value : JSON.stringify(value)}\``;
}

function exampleText(schema: JsonSchema): string {
  const example = schema.examples?.[0];
  return example === undefined || schema.default !== undefined ? "" : `Example: \`${String(example)}\`.`;
}
