import { z } from "zod";
import { clusterFileSchema } from "./schema/cluster-file-schema.ts";

/** The parts of a JSON Schema (draft 2020-12) that the one of the cluster file uses. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/**
 * JSON Schema of the cluster file, for editors. It says what a single field can be; rules between fields are checked by
 * `slipway validate` alone.
 */
export function clusterJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(clusterFileSchema, { target: "draft-2020-12", io: "input" }) as JsonSchema;
  return { ...schema, $id: "https://slipway.dev/v1alpha1/cluster.json", title: "Slipway cluster file" };
}

/** What a schema says of a mapping's fields: itself, or the alternative that has fields. */
export function mappingOf(schema: JsonSchema): JsonSchema {
  return schema.anyOf?.find((one) => one.properties !== undefined) ?? schema;
}
