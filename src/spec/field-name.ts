import { isOfKind } from "./schema/value-kind.ts";
import { valueKinds } from "./schema/value-kinds.ts";
import type { FieldPath, PathLocator } from "./yaml/path-locator.ts";

/**
 * A field as the subject of a message: "spec.etcd.dataDir"; below a host by the host's name, "host cp-1: address", and
 * by its place in the list when it has no usable name.
 */
export function fieldName(path: FieldPath, locator: PathLocator): string {
  if (path.length === 0) return "the file";
  if (path[0] === "spec" && path[1] === "hosts" && typeof path[2] === "number") {
    const name = locator.valueAt(["spec", "hosts", path[2], "name"]);
    const isNamed = typeof name === "string" && isOfKind(valueKinds.hostName, name);
    const host = isNamed ? `host ${name}` : `spec.hosts[${path[2]}]`;
    if (path.length === 3) return host;
    return isNamed ? `${host}: ${pathText(path.slice(3))}` : `${host}.${pathText(path.slice(3))}`;
  }
  return pathText(path);
}

function pathText(path: FieldPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[A-Za-z][A-Za-z0-9]*$/.test(part)) return `${text}[${JSON.stringify(part.slice(0, 60))}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}
