import { rmSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { openBundle } from "../artifacts/bundle.ts";
import type { BundleArtifact } from "../artifacts/bundle-index.ts";
import { bundleSource } from "../artifacts/bundle-source.ts";
import { writeBundle } from "../artifacts/bundle-writer.ts";
import type { ChartValues } from "../artifacts/chart-values.ts";
import { type DownloadOptions, gather, type Wanted } from "../artifacts/gather.ts";
import { incomplete } from "../artifacts/incomplete.ts";
import type { Machine } from "../artifacts/needed-artifacts.ts";
import { networkPluginChartFile, networkPluginValues } from "../artifacts/network-plugin-chart.ts";
import { publicSource } from "../artifacts/public-source.ts";
import { verifyBundle } from "../artifacts/verify-bundle.ts";
import { wantedFor } from "../artifacts/wanted.ts";
import { neededPackages } from "../parts/artifacts/needed-packages.ts";
import { exitCode } from "../problems/exit-code.ts";
import { formatProblems } from "../problems/format-problems.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import { countOf } from "../report/count-of.ts";
import { sizeText } from "../report/size-text.ts";
import { table } from "../report/table.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";
import { makeWorkFolder } from "../state/work-folder.ts";
import { writeProblem } from "../state/write-problem.ts";
import { leavesBefore } from "./interrupts.ts";
import { machinesOf, type PlatformOptions } from "./machines-of.ts";
import { openCluster } from "./open-cluster.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";
import { terminalStyle } from "./terminal-style.ts";
import { version } from "./version.ts";

export interface BundleCreateOptions extends GlobalOptions, PlatformOptions {
  readonly fromDir?: string;
  /** With a folder: download what is not in it. Without one that is what happens anyway. */
  readonly download?: boolean;
  /** Also what the cluster file does not need. */
  readonly all?: boolean;
  /** False: hosts get packages from repositories of their own. */
  readonly packages: boolean;
  readonly notes?: string;
}

/** `slipway bundle create`: nothing is written when something is missing. */
export async function bundleCreate(path: string, options: BundleCreateOptions): Promise<void> {
  const cluster = openCluster(options.file);
  const machines = await machinesOf(cluster, options);
  let wanted = wantedBy(cluster.spec, machines, options.packages, undefined);
  const wantedWith = async (bytesOf: (file: string) => Promise<Buffer | undefined>) => {
    const chart = networkPluginChartFile(cluster.spec);
    const bytes = chart === undefined ? undefined : await bytesOf(chart);
    wanted = wantedBy(
      cluster.spec,
      machines,
      options.packages,
      networkPluginValues(cluster.spec, () => bytes),
    );
    return wanted;
  };
  const target = resolve(path);
  const workFolder = await makeWorkFolder(target);
  using _ = leavesBefore(() => rmSync(workFolder, { recursive: true, force: true }));
  try {
    const contents = await gather(options.fromDir, {
      ...(options.all === true ? {} : { wanted }),
      wantedWith,
      ...(options.fromDir === undefined || options.download === true ? { download: downloads(cluster.spec) } : {}),
      workFolder,
      onProgress: (name) => process.stderr.write(`${name}\n`),
    });
    throwIfAny(incomplete(wanted, contents.artifacts, options.fromDir ?? "what can be downloaded"));
    const made = join(workFolder, "bundle.tar");
    const { sizeBytes, sha256 } = await writeBundle(
      made,
      {
        madeBy: `slipway ${version}`,
        madeAt: new Date().toISOString(),
        kubernetes: cluster.spec.kubernetes.version,
        ...(options.notes === undefined ? {} : { notes: options.notes }),
      },
      contents,
    );
    await rename(made, target);
    const result = { path: target, sizeBytes, sha256, artifacts: contents.artifacts.length };
    printResult(
      result,
      options.output,
      () => `${target}: ${countOf(contents.artifacts.length, "artifact")}, ${sizeText(sizeBytes)}\nsha256 ${sha256}`,
    );
  } catch (error) {
    throw isAbout(error, [workFolder, target]) ? writeProblem(target, error) : error;
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

/** `slipway bundle inspect` */
export function bundleInspect(path: string, options: GlobalOptions): void {
  const { index, sizeBytes } = openBundle(resolve(path));
  printResult({ path, sizeBytes, ...index }, options.output, () => {
    const shown = index.artifacts.filter((one) => one.kind !== "package");
    const packages = index.artifacts.length - shown.length;
    return [
      `Kubernetes ${index.kubernetes}, made by ${index.madeBy} at ${index.madeAt}, ${sizeText(sizeBytes)}`,
      ...(index.notes === undefined ? [] : [index.notes]),
      "",
      table(shown, [
        { title: "kind", value: (one) => one.kind },
        { title: "name", value: (one) => one.name },
        { title: "size", value: (one) => sizeText(one.sizeBytes), align: "right" },
        { title: "digest", value: digestShown },
      ]),
      ...(packages === 0 ? [] : ["", `and ${countOf(packages, "system package")} (all of them: -o json)`]),
    ].join("\n");
  });
}

/** `slipway bundle verify`: 3 when a blob is damaged, or when the cluster file needs what is not in it. */
export async function bundleVerify(
  path: string,
  options: GlobalOptions & PlatformOptions & { readonly complete?: boolean; readonly packages: boolean },
): Promise<void> {
  const bundle = openBundle(resolve(path));
  const problems: Problem[] = [...(await verifyBundle(bundle))];
  if (options.complete === true) {
    const cluster = openCluster(options.file);
    const source = bundleSource(bundle);
    const chart = networkPluginValues(cluster.spec, (name) => source.chart(name));
    const wanted = wantedBy(cluster.spec, await machinesOf(cluster, options), options.packages, chart);
    problems.push(...incomplete(wanted, bundle.index.artifacts, "the bundle"));
  }
  const whole = problems.length === 0;
  printResult({ path, whole, problems }, options.output, () =>
    whole
      ? `${path} is whole: ${countOf(bundle.index.artifacts.length, "artifact")}, ${sizeText(bundle.sizeBytes)}`
      : formatProblems(problems, terminalStyle(process.stdout)),
  );
  if (!whole) process.exitCode = exitCode.refused;
}

/** Files from where the cluster file says, images by way of the mirrors it names. */
function downloads(spec: ClusterSpec): DownloadOptions {
  const mirrors = Object.entries(spec.runtime.mirrors).map(([registry, all]) => [registry, all.map((one) => one.url)]);
  return { source: publicSource(spec), fetch: (url, init) => fetch(url, init), mirrors: Object.fromEntries(mirrors) };
}

function wantedBy(
  spec: ClusterSpec,
  machines: readonly Machine[],
  packages: boolean,
  chart: ChartValues | undefined,
): Wanted {
  const wanted = wantedFor(spec, machines, (machine) => neededPackages(spec, machine), chart);
  return packages ? wanted : { ...wanted, packages: new Map() };
}

/** Whether a system error is about one of these paths, or what is in them; or about a disk that is full, which names none. */
function isAbout(error: unknown, paths: readonly string[]): boolean {
  if (!(error instanceof Error)) return false;
  const { path, code } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT" || paths.some((one) => path === one || path?.startsWith(`${one}/`));
}

function throwIfAny(problems: readonly Problem[]): void {
  const [first, ...rest] = problems;
  if (first !== undefined) throw new ProblemError([first, ...rest]);
}

function digestShown(one: BundleArtifact): string {
  return one.kind === "image" ? one.digest.slice(0, 19) : one.sha256.slice(0, 12);
}
