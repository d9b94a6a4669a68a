import type { z } from "zod";
import { fieldSchema, placeOfField } from "./field-catalog.ts";
import { fieldName } from "./field-name.ts";
import { mappingOf } from "./json-schema.ts";
import { quantityHint } from "./quantity-hint.ts";
import type { ValueKind } from "./schema/value-kind.ts";
import { suggest } from "./suggest.ts";
import type { Finding, FindingWords } from "./yaml/finding.ts";
import type { FieldPath, PathLocator } from "./yaml/path-locator.ts";
import { showValue } from "./yaml/show-value.ts";

type Issue = z.core.$ZodIssue;

/** What an issue of the schema means for the reader of the file, and where it is. */
export function explainIssue(issue: Issue, locator: PathLocator): Finding[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  const value = locator.valueAt(path);
  const make = (code: Finding["code"], words: () => FindingWords, isKey = false): Finding => ({
    code,
    severity: "error",
    ...(isKey ? locator.keySpan(path) : locator.valueSpan(path)),
    words,
  });

  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      code: "config/unknown-field",
      severity: "error",
      ...locator.keySpan([...path, key]),
      words: () => unknownField(path, key, locator),
    }));
  }
  if (issue.code === "invalid_key") {
    return [make("config/invalid-key", () => invalidKey(path, issue.issues, locator), true)];
  }
  if (value === undefined && !locator.has(path)) {
    return [make("config/missing-field", () => missingField(path, locator))];
  }
  if (value === null) return [make("config/empty-value", () => emptyValue(path, locator))];
  const subject = () => fieldName(path, locator);
  switch (issue.code) {
    case "invalid_type":
      return [
        make("config/wrong-type", () =>
          wrongType(subject(), value, wantedType(issue.expected), fieldSchema(path)?.examples?.[0]),
        ),
      ];
    case "invalid_value":
      return path.length === 1
        ? [make("config/unsupported-document", () => unsupportedDocument(subject(), value, issue.values))]
        : [make("config/invalid-value", () => notOneOf(subject(), value, issue.values))];
    case "too_small":
    case "too_big":
      return [make("config/out-of-range", () => outOfRange(subject(), path, value))];
    case "invalid_union": {
      const inMapping = issuesOfMapping(issue.errors, value);
      if (inMapping !== undefined) {
        return inMapping.flatMap((one) => explainIssue({ ...one, path: [...issue.path, ...one.path] }, locator));
      }
      return [make("config/invalid-value", () => noneOfUnion(subject(), path, value, issue.errors))];
    }
    case "custom":
      return [make("config/invalid-value", () => notOfKind(subject(), path, value, kindOf(issue)))];
    default:
      return [
        make("config/invalid-value", () => ({
          message: `${subject()} is not valid`,
          because: `found ${showValue(value)}: ${issue.message}`,
          hint: { text: "see the cluster file reference for this field" },
        })),
      ];
  }
}

function unknownField(path: FieldPath, key: string, locator: PathLocator): FindingWords {
  const fields = Object.keys(mappingOf(fieldSchema(path) ?? {}).properties ?? {});
  const near = suggest(key, fields) ?? synonyms.get(key.toLowerCase());
  const elsewhere = near === undefined ? placeOfField(key) : undefined;
  const hint =
    near !== undefined && fields.includes(near)
      ? `did you mean ${near}`
      : elsewhere !== undefined
        ? `${key} belongs under ${elsewhere}`
        : `remove it; the fields here are ${fields.join(", ")}`;
  return {
    message: `${fieldName(path, locator)} has no field ${showValue(key)}`,
    because: `${showValue(key)} is not in the format slipway.dev/v1alpha1`,
    hint: { text: hint },
  };
}

/** Words people write for fields of other names. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ["ip", "address"],
  ["role", "roles"],
  ["hostname", "name"],
  ["vip", "virtualIP"],
  ["nodes", "hosts"],
  ["servers", "hosts"],
  ["ntp", "timeServers"],
  ["containerd", "runtime"],
  ["keyfile", "identityFile"],
  ["privatekey", "identityFile"],
  ["podsubnet", "podCIDR"],
  ["servicesubnet", "serviceCIDR"],
]);

function invalidKey(path: FieldPath, issues: readonly Issue[], locator: PathLocator): FindingWords {
  const kind = issues.map(kindOf).find((one) => one !== undefined);
  return {
    message: `${fieldName(path, locator)} has a key that is not ${kind?.what ?? "allowed"}`,
    because: `found ${showValue(path.at(-1))}; ${kind === undefined ? "it is not allowed here" : ruleOf(kind)}`,
    hint: { text: kind === undefined ? "remove it" : `write it like ${kind.example}` },
  };
}

function missingField(path: FieldPath, locator: PathLocator): FindingWords {
  const name = String(path.at(-1));
  const schema = fieldSchema(path);
  const example = schema?.examples?.[0] ?? schema?.const;
  return {
    message: `${fieldName(path.slice(0, -1), locator)} has no ${name}`,
    because: `${name} is required. ${schema?.description ?? ""}`.trim(),
    hint: { text: example === undefined ? `add the field ${name}` : `add ${name}: ${String(example)}` },
  };
}

function emptyValue(path: FieldPath, locator: PathLocator): FindingWords {
  const name = path.at(-1);
  const isRequired = typeof name === "string" && fieldSchema(path.slice(0, -1))?.required?.includes(name) === true;
  return {
    message: `${fieldName(path, locator)} is empty`,
    because: `found nothing. ${fieldSchema(path)?.description ?? "A value is wanted."}`,
    hint: { text: isRequired ? "give it a value" : "give it a value, or remove it to have the default" },
  };
}

function wrongType(subject: string, value: unknown, wanted: string, example: unknown): FindingWords {
  return {
    message: `${subject} is not ${wanted}`,
    because: `found ${showValue(value)}, ${typeName(value)}; wanted ${wanted}`,
    hint: { text: typeHint(value, wanted, example) },
  };
}

function typeHint(value: unknown, wanted: string, example: unknown): string {
  const isScalar = value === null || typeof value !== "object";
  if (wanted === "text" && isScalar) {
    const like = example === undefined ? "" : `; it looks like ${String(example)}`;
    return `put it in quotes: "${String(value)}"${like}`;
  }
  if (wanted === "a list" && isScalar) return `write [${String(value).slice(0, 60)}], or one item per line after '- '`;
  if (wanted === "a list") return "start each item with '- '";
  if (wanted === "true or false" && typeof value === "string") {
    if (/^(?:y|yes|on|true)$/i.test(value)) return "write true";
    if (/^(?:n|no|off|false)$/i.test(value)) return "write false";
  }
  if (wanted === "a whole number" && typeof value === "string" && /^[0-9]+$/.test(value)) return "remove the quotes";
  if (wanted.startsWith("a mapping")) return "write its fields below it, indented, as 'name: value'";
  return `write ${wanted}`;
}

function notOneOf(subject: string, value: unknown, values: readonly unknown[]): FindingWords {
  const near = typeof value === "string" ? suggest(value, values.map(String)) : undefined;
  return {
    message: `${subject} is not one of its values`,
    because: `found ${showValue(value)}; wanted ${values.map(String).join(", ")}`,
    hint: { text: near === undefined ? "choose one of these" : `did you mean ${near}` },
  };
}

function unsupportedDocument(subject: string, value: unknown, values: readonly unknown[]): FindingWords {
  return {
    message: `${subject} is not one this version of Slipway reads`,
    because: `found ${showValue(value)}; wanted ${values.map(String).join(", ")}`,
    hint: { text: `write ${subject}: ${String(values[0])}` },
  };
}

function outOfRange(subject: string, path: FieldPath, value: unknown): FindingWords {
  if (Array.isArray(value)) {
    return {
      message: `${subject} is an empty list`,
      because: "found no items; wanted at least one",
      hint: { text: "add an item, or remove the field where it is optional" },
    };
  }
  const { minimum, maximum } = rangeOf(path);
  const isSmall = typeof value === "number" && value < minimum;
  return {
    message: `${subject} is too ${isSmall ? "small" : "large"}`,
    because: `found ${showValue(value)}; the limits are ${minimum} and ${maximum}`,
    hint: { text: `write a number from ${minimum} to ${maximum}` },
  };
}

function rangeOf(path: FieldPath): { minimum: number; maximum: number } {
  const schema = fieldSchema(path);
  const ranged = [schema, ...(schema?.anyOf ?? [])].find((one) => one?.maximum !== undefined);
  return { minimum: ranged?.minimum ?? 0, maximum: ranged?.maximum ?? Number.MAX_SAFE_INTEGER };
}

/** A mapping where a mapping is one of the alternatives: what is wrong inside it. */
function issuesOfMapping(branches: readonly (readonly Issue[])[], value: unknown): readonly Issue[] | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return branches.find((branch) =>
    branch.every((issue) => issue.path.length > 0 || issue.code === "unrecognized_keys"),
  );
}

/** The branch whose type fits says what is wrong; when none fits, all are named. */
function noneOfUnion(
  subject: string,
  path: FieldPath,
  value: unknown,
  branches: readonly (readonly Issue[])[],
): FindingWords {
  const kinds = branches.flat().map(kindOf);
  const kind = kinds.find((one) => one !== undefined);
  if (kind !== undefined) return notOfKind(subject, path, value, kind);
  const wanted = branches.flatMap((branch) =>
    branch.map((issue) => {
      if (issue.code === "invalid_value") return issue.values.map(String).join(", ");
      return issue.code === "invalid_type" ? wantedType(issue.expected) : "another value";
    }),
  );
  return {
    message: `${subject} is not one of its values`,
    because: `found ${showValue(value)}, ${typeName(value)}; wanted ${wanted.join(" or ")}`,
    hint: { text: `write ${wanted.join(" or ")}` },
  };
}

function notOfKind(subject: string, path: FieldPath, value: unknown, kind: ValueKind | undefined): FindingWords {
  if (kind === undefined) {
    return {
      message: `${subject} is not valid`,
      because: `found ${showValue(value)}`,
      hint: { text: "see the cluster file reference for this field" },
    };
  }
  return {
    message: `${subject} is not ${kind.what}`,
    because: `found ${showValue(value)}; ${ruleOf(kind)}`,
    hint: { text: quantityHint(path, value, kind) ?? `write it like ${kind.example}` },
  };
}

function kindOf(issue: Issue): ValueKind | undefined {
  return issue.code === "custom" ? (issue.params?.kind as ValueKind | undefined) : undefined;
}

function ruleOf(kind: ValueKind): string {
  return `${kind.what} is ${kind.rule}`;
}

function wantedType(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    string: "text",
    int: "a whole number",
    number: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "a mapping of fields",
    record: "a mapping of fields",
  };
  return names[expected] ?? expected;
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "which is a list";
  switch (typeof value) {
    case "string":
      return "which is text";
    case "number":
      return "which is a number";
    case "boolean":
      return "which is true or false";
    default:
      return "which is a mapping";
  }
}
