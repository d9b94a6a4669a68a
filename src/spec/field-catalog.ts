import type { JsonSchema } from "./json-schema.ts";
import { clusterJsonSchema, mappingOf } from "./json-schema.ts";
import type { FieldPath } from "./yaml/path-locator.ts";

let root: JsonSchema | undefined;

/** What the schema says about a field; undefined for a path it does not have. */
export function fieldSchema(path: FieldPath): JsonSchema | undefined {
  root ??= clusterJsonSchema();
  let schema: JsonSchema | undefined = root;
  for (const part of path) {
    if (schema === undefined) return undefined;
    const { properties, additionalProperties, items } = mappingOf(schema);
    if (typeof part === "number") schema = items;
    else if (properties !== undefined && Object.hasOwn(properties, part)) schema = properties[part];
    else schema = typeof additionalProperties === "object" ? additionalProperties : undefined;
  }
  return schema;
}

let places: Map<string, string> | undefined;

/** Where a field of this name is in the file, e.g. "spec.ssh" for maxConnections; undefined when nowhere or in many places. */
export function placeOfField(name: string): string | undefined {
  if (places === undefined) {
    places = new Map();
    const seenTwice = new Set<string>();
    collectPlaces(fieldSchema([]) ?? {}, "", places, seenTwice);
    for (const twice of seenTwice) places.delete(twice);
  }
  return places.get(name);
}

function collectPlaces(schema: JsonSchema, path: string, found: Map<string, string>, seenTwice: Set<string>): void {
  for (const [name, field] of Object.entries(mappingOf(schema).properties ?? {})) {
    if (found.has(name)) seenTwice.add(name);
    else found.set(name, path === "" ? "the top level" : path);
    collectPlaces(field, path === "" ? name : `${path}.${name}`, found, seenTwice);
  }
  if (schema.items !== undefined) collectPlaces(schema.items, `${path}[]`, found, seenTwice);
  if (typeof schema.additionalProperties === "object") {
    collectPlaces(schema.additionalProperties, `${path}.*`, found, seenTwice);
  }
}
