import type { JsonSchema } from "./json-schema.ts";
import { clusterJsonSchema } from "./json-schema.ts";
import type { FieldPath } from "./yaml/path-locator.ts";

let root: JsonSchema | undefined;

/** What the schema says about a field; undefined for a path it does not have. */
export function fieldSchema(path: FieldPath): JsonSchema | undefined {
  root ??= clusterJsonSchema();
  let schema: JsonSchema | undefined = root;
  for (const part of path) {
    if (schema === undefined) return undefined;
    if (typeof part === "number") schema = schema.items;
    else if (schema.properties !== undefined && Object.hasOwn(schema.properties, part))
      schema = schema.properties[part];
    else schema = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
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
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (found.has(name)) seenTwice.add(name);
    else found.set(name, path === "" ? "the top level" : path);
    collectPlaces(field, path === "" ? name : `${path}.${name}`, found, seenTwice);
  }
  if (schema.items !== undefined) collectPlaces(schema.items, `${path}[]`, found, seenTwice);
  if (typeof schema.additionalProperties === "object") {
    collectPlaces(schema.additionalProperties, `${path}.*`, found, seenTwice);
  }
}
