import type { HostEntry, Sections } from "../schema/cluster-file-schema.ts";
import type { Finding, FindingWords } from "../yaml/finding.ts";
import type { FieldPath, PathLocator } from "../yaml/path-locator.ts";
import type { SourceText } from "../yaml/source-text.ts";

/**
 * A cluster file on its way to a spec. Sections and hosts with errors of their own are absent, so that rules about the
 * others are still checked and everything is reported at once.
 */
export interface DraftCluster extends Partial<Sections> {
  /** The hosts that are well-formed. `hosts` is there only when all are. */
  readonly placedHosts: readonly PlacedHost[];
}

/** A host and its place in `spec.hosts`. */
export interface PlacedHost {
  readonly index: number;
  readonly host: HostEntry;
}

/** Checks one thing between fields. Says nothing when what it needs is absent. */
export type Rule = (cluster: DraftCluster, report: RuleReport) => void;

type RuleCode = Finding["code"];

/** Collects what rules find, and knows where fields are. */
export class RuleReport {
  readonly findings: Finding[] = [];
  readonly #locator: PathLocator;
  readonly #source: SourceText;

  constructor(locator: PathLocator, source: SourceText) {
    this.#locator = locator;
    this.#source = source;
  }

  error(code: RuleCode, path: FieldPath, words: FindingWords): void {
    this.findings.push({ code, severity: "error", ...this.#locator.valueSpan(path), words: () => words });
  }

  warning(code: RuleCode, path: FieldPath, words: FindingWords): void {
    this.findings.push({ code, severity: "warning", ...this.#locator.valueSpan(path), words: () => words });
  }

  /** "line 12" for a field of the file, "the default" for one that is not in it. */
  placeOf(path: FieldPath): string {
    if (!this.#locator.has(path)) return "the default";
    return `line ${this.#source.lineAt(this.#locator.keySpan(path).start)}`;
  }
}

/** Path of a field of a host. */
export function hostPath(placed: PlacedHost, ...rest: FieldPath): FieldPath {
  return ["spec", "hosts", placed.index, ...rest];
}

/** "cp-1, cp-2 and 3 more". */
export function nameSome(names: readonly string[]): string {
  const shown = names.slice(0, 5);
  return names.length > shown.length ? `${shown.join(", ")} and ${names.length - shown.length} more` : shown.join(", ");
}
