import type { Node, Pair, ParsedNode, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Finding, FindingWords } from "./finding.ts";
import { limits } from "./limits.ts";
import { showValue } from "./show-value.ts";
import type { SourceText } from "./source-text.ts";

/** Plain values of a document, and for each list and mapping the node it was read from. */
export interface ReadTree {
  readonly value: unknown;
  readonly nodes: WeakMap<object, YAMLMap | YAMLSeq>;
  readonly findings: readonly Finding[];
  /** False when parts of the document could not be read, so that what is missing proves nothing. */
  readonly complete: boolean;
}

/**
 * Reads a document's nodes in one pass. An alias becomes the very object it names, never a copy, and what the file
 * would hold with every alias written out is counted, so that an alias bomb costs nothing.
 */
export function readTree(contents: ParsedNode | null, source: SourceText): ReadTree {
  const reader = new TreeReader(source);
  const value = contents === null ? null : reader.read(contents);
  return { value, nodes: reader.nodes, findings: reader.findings, complete: reader.complete };
}

interface Anchored {
  readonly value: unknown;
  readonly size: number;
}

class TreeReader {
  readonly nodes = new WeakMap<object, YAMLMap | YAMLSeq>();
  readonly findings: Finding[] = [];
  complete = true;
  readonly #source: SourceText;
  readonly #anchors = new Map<string, Anchored | "being read">();
  /** Values read so far, with aliases counted as what they stand for. */
  #size = 0;

  constructor(source: SourceText) {
    this.#source = source;
  }

  read(node: Node): unknown {
    const sizeBefore = this.#size;
    this.#size += 1;
    if (isAlias(node)) return this.#alias(node);
    if (node.tag !== undefined) this.#tag(node, node.tag);
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, "being read");
    const value = isMap(node) ? this.#mapping(node) : isSeq(node) ? this.#list(node) : this.#scalar(node as Scalar);
    if (anchor !== undefined) this.#anchors.set(anchor, { value, size: this.#size - sizeBefore });
    return value;
  }

  #mapping(map: YAMLMap): Record<string, unknown> {
    const value: Record<string, unknown> = Object.create(null);
    const keys = new Map<string, Node>();
    this.nodes.set(value, map);
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const key = this.#key(pair.key);
      if (key === undefined) continue;
      const first = keys.get(key);
      if (first !== undefined) {
        this.#duplicate(pair.key, key, first);
        continue;
      }
      keys.set(key, pair.key);
      value[key] = pair.value === null ? null : this.read(pair.value);
    }
    return value;
  }

  #key(node: Node | null): string | undefined {
    if (!isScalar(node)) {
      if (node !== null && isAlias(node)) {
        return this.#unreadable(node, "config/invalid-key", {
          message: "a key is an alias",
          because: `found *${node.source}; keys of a cluster file are plain text`,
          hint: { text: "write the key itself" },
        });
      }
      return this.#unreadable(node, "config/invalid-key", {
        message: "a key is not text",
        because: "found a list, a mapping or nothing as a key; keys of a cluster file are plain text",
        hint: { text: "write 'key: value'; put text that contains { } or [ ] in quotes" },
      });
    }
    if (node.tag !== undefined) this.#tag(node, node.tag);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, { value: node.value, size: 1 });
    const key = typeof node.value === "string" ? node.value : (node.source ?? "");
    if (key === "<<" && node.type === "PLAIN") {
      return this.#unreadable(node, "config/merge-key", {
        message: "the file uses a merge key",
        because: "found '<<', which YAML 1.2 does not have",
        hint: { text: "write the fields out, or set them once under spec.ssh or spec.pools" },
      });
    }
    if (key === "") {
      return this.#unreadable(node, "config/invalid-key", {
        message: "a key is empty",
        because: "found no text before ':'",
        hint: { text: "write the name of the field before ':'" },
      });
    }
    if (key === "__proto__") {
      return this.#unreadable(node, "config/unknown-field", {
        message: "the file has no field __proto__",
        because: 'found "__proto__"',
        hint: { text: "remove it" },
      });
    }
    return key;
  }

  #list(seq: YAMLSeq): unknown[] {
    const value: unknown[] = [];
    this.nodes.set(value, seq);
    for (const item of seq.items as (Node | null)[]) value.push(item === null ? null : this.read(item));
    return value;
  }

  #scalar(scalar: Scalar): unknown {
    const { value, source } = scalar;
    if (typeof value === "number" && source !== undefined && /^[-+]?0[0-9]|^\+|^[-+]?0[ox]/.test(source)) {
      this.#report(scalar, "config/ambiguous-number", {
        message: `${source.slice(0, 40)} reads as different numbers in different YAML versions`,
        because: `found ${source.slice(0, 40)}; here it means ${showValue(value)}`,
        hint: { text: `write ${showValue(value)}, or put it in quotes if it is text` },
      });
    }
    return value;
  }

  #alias(node: Node & { source: string }): unknown {
    const target = this.#anchors.get(node.source);
    if (target === undefined || target === "being read") {
      const isCycle = target === "being read";
      return this.#unreadable(node, "config/bad-alias", {
        message: isCycle ? `alias *${node.source} is inside what it names` : `alias *${node.source} names nothing`,
        because: isCycle
          ? `the value marked &${node.source} would contain itself`
          : `no value above this line is marked &${node.source}`,
        hint: { text: "write the value itself here" },
      });
    }
    this.#size += target.size;
    if (this.#size > limits.expandedValues) {
      if (!this.complete) return undefined;
      return this.#unreadable(node, "config/too-complex", {
        message: "aliases make the file too large",
        because: `with every alias written out it would hold more than ${limits.expandedValues} values, the limit`,
        hint: { text: "write values out instead of nesting aliases in aliases" },
      });
    }
    return target.value;
  }

  #tag(node: Node, tag: string): void {
    this.#unreadable(node, "config/yaml-feature", {
      message: "the file uses a YAML tag",
      because: `found ${showValue(tag)}; cluster files need no tags`,
      hint: { text: "remove the tag; put text that looks like a number in quotes" },
    });
  }

  #duplicate(node: Node, key: string, first: Node): void {
    this.findings.push({
      code: "config/duplicate-key",
      severity: "error",
      ...placeOf(node),
      words: () => ({
        message: `key ${showValue(key)} is there twice`,
        because: `the first one is on line ${this.#source.lineAt(first.range?.[0] ?? 0)}`,
        hint: { text: "remove one of them, or move its fields to the other" },
      }),
    });
  }

  #unreadable(node: Node | null, code: Finding["code"], words: FindingWords): undefined {
    this.complete = false;
    this.#report(node, code, words);
  }

  #report(node: Node | null, code: Finding["code"], words: FindingWords): void {
    this.findings.push({ code, severity: "error", ...placeOf(node), words: () => words });
  }
}

function placeOf(node: Node | null): { start: number; end: number } {
  return { start: node?.range?.[0] ?? 0, end: node?.range?.[1] ?? 0 };
}
