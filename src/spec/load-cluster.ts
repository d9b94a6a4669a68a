import type { Problem } from "../problems/problem.ts";
import type { ClusterSpec } from "./cluster-spec.ts";
import { explainIssue } from "./explain-issue.ts";
import { resolve } from "./resolve.ts";
import type { DraftCluster } from "./rules/rule.ts";
import { RuleReport } from "./rules/rule.ts";
import { rules } from "./rules/rules.ts";
import { type ClusterFile, clusterFileSchema, sectionSchemas } from "./schema/cluster-file-schema.ts";
import { hostSchema } from "./schema/host-schema.ts";
import { decodeText } from "./yaml/decode-text.ts";
import type { Finding } from "./yaml/finding.ts";
import { toProblems } from "./yaml/finding.ts";
import { parseDocument } from "./yaml/parse-document.ts";
import { PathLocator } from "./yaml/path-locator.ts";
import { readTree } from "./yaml/read-tree.ts";
import type { SourceText } from "./yaml/source-text.ts";

/** A spec, with what is worth a warning; or every problem of the file (warnings too), in the order of its lines. */
export type LoadedCluster =
  | { readonly spec: ClusterSpec; readonly warnings: readonly Problem[] }
  | { readonly problems: readonly [Problem, ...Problem[]] };

/**
 * Reads a cluster file from its bytes or text. Never throws for what is in it: whatever it holds, the answer is a spec
 * or located problems (`config/...`), at a bounded cost. `fileName` is for messages, and where relative paths start.
 */
export function loadCluster(content: string | Uint8Array, fileName: string): LoadedCluster {
  const { source, findings } = decodeText(content, fileName);
  if (hasErrors(findings)) return rejected(findings, source);
  const document = parseDocument(source.text);
  if (hasErrors(document.findings)) return rejected(document.findings, source);
  const tree = readTree(document.contents, source);
  if (!tree.complete) return rejected(tree.findings, source);
  if (tree.value === null) return rejected([emptyFile()], source);

  const locator = new PathLocator(tree, document.contents);
  const parsed = clusterFileSchema.safeParse(tree.value);
  const issues = parsed.success ? [] : parsed.error.issues.flatMap((issue) => explainIssue(issue, locator));
  const report = new RuleReport(locator, source);
  const draft = parsed.success ? draftOf(parsed.data) : partialDraft(locator);
  for (const rule of rules) rule(draft, report);

  const all = [...tree.findings, ...issues, ...report.findings];
  if (!parsed.success || hasErrors(all)) return rejected(all, source);
  return { spec: resolve(parsed.data, fileName), warnings: toProblems(all, source) };
}

function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === "error");
}

function rejected(findings: readonly Finding[], source: SourceText): LoadedCluster {
  const [first, ...rest] = toProblems(findings, source);
  if (first === undefined) throw new Error("a cluster file was rejected without a finding");
  return { problems: [first, ...rest] };
}

function emptyFile(): Finding {
  return {
    code: "config/empty-file",
    severity: "error",
    start: 0,
    end: 0,
    words: () => ({
      message: "the cluster file is empty",
      because: "found no fields; apiVersion, kind, metadata and spec are required",
      hint: { text: "have one written from a few questions", command: "slipway init" },
    }),
  };
}

function draftOf(file: ClusterFile): DraftCluster {
  return { ...file.spec, placedHosts: file.spec.hosts.map((host, index) => ({ index, host })) };
}

/** What can be understood of a file with errors, section by section and host by host. */
function partialDraft(locator: PathLocator): DraftCluster {
  const sections = Object.entries(sectionSchemas).flatMap(([name, schema]) => {
    const parsed = schema.safeParse(locator.valueAt(["spec", name]));
    return parsed.success ? [[name, parsed.data] as const] : [];
  });
  const hosts = locator.valueAt(["spec", "hosts"]);
  const placedHosts = (Array.isArray(hosts) ? hosts : []).flatMap((value: unknown, index) => {
    const parsed = hostSchema.safeParse(value);
    return parsed.success ? [{ index, host: parsed.data }] : [];
  });
  return { ...(Object.fromEntries(sections) as Partial<ClusterFile["spec"]>), placedHosts };
}
