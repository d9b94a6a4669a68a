import type { Node, Pair, YAMLMap, YAMLSeq } from "yaml";
import { isMap, isScalar } from "yaml";
import type { ReadTree } from "./read-tree.ts";

/** Keys and list indexes from the root of the document. */
export type FieldPath = readonly (string | number)[];

/** Offsets into the text; `end` is not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Finds where a field is in the text. */
export class PathLocator {
  readonly #tree: ReadTree;
  readonly #root: Node | null;
  readonly #indexes = new WeakMap<object, Map<string, Pair<Node, Node | null>>>();

  constructor(tree: ReadTree, root: Node | null) {
    this.#tree = tree;
    this.#root = root;
  }

  /** The value at a path as it is in the file; undefined when it is not there. */
  valueAt(path: FieldPath): unknown {
    return this.#walk(path).value;
  }

  /** Whether the file has this field. */
  has(path: FieldPath): boolean {
    return this.#walk(path).found === path.length;
  }

  /**
   * Where the value at the path is, or its key where the value is empty. For a field that is not in the file: the key
   * of the innermost field around it that is.
   */
  valueSpan(path: FieldPath): Span {
    const { span, key, found } = this.#walk(path);
    if (found < path.length) return key ?? span;
    return span.end > span.start ? span : (key ?? span);
  }

  /** Where the key at the path is; for a list item or the document, the value. */
  keySpan(path: FieldPath): Span {
    const { span, key } = this.#walk(path);
    return key ?? span;
  }

  #walk(path: FieldPath): { value: unknown; span: Span; key?: Span; found: number } {
    let value = this.#tree.value;
    let span = spanOf(this.#root);
    let key: Span | undefined;
    let found = 0;
    for (const part of path) {
      const node = typeof value === "object" && value !== null ? this.#tree.nodes.get(value) : undefined;
      const step = node === undefined ? undefined : this.#child(node, part);
      if (step === undefined) break;
      value = (value as Record<string | number, unknown>)[part];
      span = step.span;
      key = step.key;
      found += 1;
    }
    return { value: found === path.length ? value : undefined, span, ...(key === undefined ? {} : { key }), found };
  }

  #child(node: YAMLMap | YAMLSeq, part: string | number): { span: Span; key?: Span } | undefined {
    if (!isMap(node)) {
      const item = node.items[Number(part)] as Node | null | undefined;
      return item === undefined ? undefined : { span: spanOf(item) };
    }
    const pair = this.#index(node).get(String(part));
    if (pair === undefined) return undefined;
    return { span: spanOf(pair.value), key: spanOf(pair.key) };
  }

  #index(map: YAMLMap): Map<string, Pair<Node, Node | null>> {
    let index = this.#indexes.get(map);
    if (index === undefined) {
      index = new Map();
      for (const pair of map.items as Pair<Node, Node | null>[]) {
        if (!isScalar(pair.key)) continue;
        const key = typeof pair.key.value === "string" ? pair.key.value : (pair.key.source ?? "");
        if (!index.has(key)) index.set(key, pair);
      }
      this.#indexes.set(map, index);
    }
    return index;
  }
}

function spanOf(node: Node | null): Span {
  return { start: node?.range?.[0] ?? 0, end: node?.range?.[1] ?? 0 };
}
