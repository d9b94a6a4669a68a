import { parseAllDocuments } from "yaml";
import type { Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { commandOf, isCommandMissing, notUnderstood } from "./not-understood.ts";

/** A chart on a host, and what it is rendered with. */
export interface ChartRendering {
  /** Path of Helm. */
  readonly helm: string;
  /** Path of the chart. */
  readonly chart: string;
  readonly release: string;
  readonly namespace: string;
  /** major.minor.patch without a "v". */
  readonly kubernetesVersion: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A document of a chart, with the fields every Kubernetes object has. */
export interface RenderedDocument {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/**
 * The objects of a chart with values, without its hooks and tests; "not-there" while Helm or the chart is not on the host.
 * `helm template` asks no cluster and changes nothing: https://helm.sh/docs/helm/helm_template/ (2026-11-21).
 */
export function helmTemplate(rendering: ChartRendering): Fact<readonly RenderedDocument[] | "not-there"> {
  const { helm, chart, release, namespace, kubernetesVersion, values } = rendering;
  const argv = [
    ...[helm, "template", release, chart, "--namespace", namespace],
    ...["--kube-version", `v${kubernetesVersion}`, "--no-hooks", "--skip-tests", "--values", "-"],
  ];
  const asked = `helm template ${chart}`;
  const name = "helm-template";
  const reads: readonly Read[] = [
    { kind: "stat", path: chart },
    { kind: "run", argv, stdin: `${JSON.stringify(values)}\n`, timeoutMs: 60_000 },
  ];
  return {
    name,
    reads,
    parse([stat, answer]) {
      if (stat?.kind === "missing" || isCommandMissing(answer)) return "not-there";
      const result = commandOf(name, asked, answer);
      if (result.exitCode !== 0) {
        const said = result.stderr.toString("utf8").trim().split("\n").at(-1) ?? "";
        throw notUnderstood(name, asked, answer, said === "" ? `it ended with exit code ${result.exitCode}` : said);
      }
      if (result.truncated) throw notUnderstood(name, asked, answer, "it renders more than 1 MiB");
      const documents = parseAllDocuments(result.stdout.toString("utf8"));
      return documents.flatMap((document) => {
        const [error] = document.errors;
        if (error !== undefined) throw notUnderstood(name, asked, answer, error.message);
        const value: unknown = document.toJS();
        if (value === null || value === undefined) return [];
        if (!isObject(value)) throw notUnderstood(name, asked, answer, "a document is no Kubernetes object");
        return isHook(value) ? [] : [value];
      });
    },
  };
}

function isObject(value: unknown): value is RenderedDocument {
  if (typeof value !== "object" || value === null) return false;
  const { apiVersion, kind, metadata } = value as Partial<RenderedDocument>;
  return typeof apiVersion === "string" && typeof kind === "string" && typeof metadata?.name === "string";
}

function isHook({ metadata }: RenderedDocument): boolean {
  const { annotations } = metadata as { readonly annotations?: Readonly<Record<string, string>> };
  return annotations !== undefined && annotations !== null && "helm.sh/hook" in annotations;
}
