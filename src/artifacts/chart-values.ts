import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { ProblemError } from "../problems/problem.ts";
import { paddedBytes, tarBlockBytes } from "./tar-header.ts";

/** No chart is larger, unpacked. */
const largestChartBytes = 64 * 1024 * 1024;

/** What a chart is rendered with unless somebody says otherwise: its values.yaml. */
export type ChartValues = Readonly<Record<string, unknown>>;

/**
 * The values.yaml of a chart as `helm package` makes it. `title` names the chart in the problem. Throws
 * `artifact/archive-unreadable`.
 */
export function chartValues(chart: Buffer, title: string): ChartValues {
  try {
    const text = memberText(gunzipSync(chart, { maxOutputLength: largestChartBytes }), /^[^/]+\/values\.yaml$/);
    const values: unknown = text === undefined ? undefined : parse(text);
    if (typeof values === "object" && values !== null && !Array.isArray(values)) return values as ChartValues;
  } catch (error) {
    throw unreadable(title, error instanceof Error ? error.message : String(error));
  }
  throw unreadable(title, "it has no values.yaml");
}

function memberText(tar: Buffer, wanted: RegExp): string | undefined {
  for (let offset = 0; offset + tarBlockBytes <= tar.length; ) {
    const name = tar.toString("utf8", offset, offset + 100).replace(/\0.*$/s, "");
    const sizeBytes = Number.parseInt(tar.toString("latin1", offset + 124, offset + 135), 8) || 0;
    const content = offset + tarBlockBytes;
    if (wanted.test(name)) return tar.toString("utf8", content, content + sizeBytes);
    offset = content + paddedBytes(sizeBytes);
  }
  return undefined;
}

function unreadable(title: string, because: string): ProblemError {
  return new ProblemError({
    code: "artifact/archive-unreadable",
    severity: "error",
    message: `${title} is not a chart`,
    because,
    hint: { text: "Give it as its publisher does: a .tgz that helm package has made" },
  });
}
