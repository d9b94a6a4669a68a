import { parseDocument } from "yaml";
import { z } from "zod";
import type { Origin } from "./artifact-source.ts";
import { answerOf, type Fetch, notDownloaded } from "./download.ts";

/** Where projects publish their charts; the index of such a repository has the SHA-256 of every chart. */
const repositories: Readonly<Record<string, string>> = {
  // https://docs.cilium.io/en/stable/installation/k8s-install-helm/ (2026-11-21)
  cilium: "https://helm.cilium.io/",
  // https://docs.tigera.io/calico/latest/getting-started/kubernetes/helm (2026-11-21)
  "tigera-operator": "https://docs.tigera.io/calico/charts/",
};

/** https://helm.sh/docs/topics/chart_repository/#the-index-file (2026-11-21) */
const entrySchema = z.object({
  version: z.string(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  urls: z.array(z.string()).min(1),
});

/**
 * Where a chart ("charts/cilium/1.20.2") can be downloaded, and what it has to be. Throws `artifact/not-downloaded`.
 */
export async function publishedChart(fetched: Fetch, logicalName: string): Promise<Origin & { kind: "download" }> {
  const [, name = "", version = ""] = logicalName.split("/");
  const repository = repositories[name];
  if (repository === undefined) throw notDownloaded(logicalName, "its project's repository of charts is not known");
  const index = `${repository}index.yaml`;
  const text = await (await answerOf(fetched, index, {})).text();
  const entries: unknown = parseDocument(text, { logLevel: "silent" }).getIn(["entries", name]);
  const all = (entries as { toJSON?(): unknown } | undefined)?.toJSON?.() ?? [];
  for (const entry of Array.isArray(all) ? all : []) {
    const found = entrySchema.safeParse(entry);
    if (!found.success || found.data.version !== version) continue;
    const url = new URL(found.data.urls[0] ?? "", repository).href;
    return { kind: "download", url, digest: { sha256: found.data.digest } };
  }
  throw notDownloaded(logicalName, `${index} has no ${name} ${version} with a SHA-256`);
}
