import { mkdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { openBundle } from "../artifacts/bundle.ts";
import { bundlesFolder, foundBundle } from "../artifacts/found-bundle.ts";
import { exitCode } from "../problems/exit-code.ts";
import { writeAtomically } from "../state/write-atomically.ts";
import { apply } from "./apply.ts";
import { type DemoPrograms, demoClusterText } from "./demo-cluster.ts";
import { demoNext } from "./demo-next.ts";
import { bootLabOf } from "./lab.ts";
import { openCluster } from "./open-cluster.ts";
import type { GlobalOptions } from "./program.ts";
import { hintsName } from "./shown.ts";

/** Options of `slipway demo`. */
export interface DemoOptions extends GlobalOptions {
  /** Bundle to take Kubernetes from; one that is found, otherwise. */
  readonly bundle?: string;
}

/** The folder the demo's own cluster file is written to, beside what Slipway then keeps of the cluster. */
const demoFolder = "slipway-demo";

/**
 * `slipway demo`: the lab of the example, from nothing to verified, and what to try next. As far as a ready cluster
 * where a bundle or the internet has the programs, else as far as etcd, for which the distribution's packages are enough.
 */
export async function demo(options: DemoOptions): Promise<void> {
  const example = fileURLToPath(new URL("../../examples/lab/cluster.yaml", import.meta.url));
  const programs = await programsFor(options);
  const file = programs === undefined ? relative(process.cwd(), example) : await ownClusterFile(example, programs);
  hintsName(file);
  const cluster = openCluster(file);
  process.stdout.write(`${whatIsBuilt(programs, file)}\n\n`);
  await bootLabOf(cluster);
  process.stdout.write("\n");
  const through = programs === undefined ? { through: "etcd" } : {};
  await apply(undefined, { file, output: "text", diff: "none", yes: true, ...through });
  if (process.exitCode !== undefined && process.exitCode !== exitCode.done) return;
  process.stdout.write(demoNext(cluster.spec, file, programs === undefined ? undefined : demoFolder));
}

async function programsFor({ bundle }: DemoOptions): Promise<DemoPrograms | undefined> {
  const path = bundle ?? foundBundle();
  if (path !== undefined) return { from: "bundle", bundle: openBundle(resolve(path)) };
  return (await internetIsThere()) ? { from: "internet" } : undefined;
}

/** Whether the publishers of Kubernetes can be reached; a few seconds at most. */
async function internetIsThere(): Promise<boolean> {
  try {
    const answer = await fetch("https://dl.k8s.io/release/stable.txt", { signal: AbortSignal.timeout(5000) });
    return answer.ok;
  } catch {
    // No name, no route, no answer: each of them is the answer to the question.
    return false;
  }
}

async function ownClusterFile(example: string, programs: DemoPrograms): Promise<string> {
  const file = join(demoFolder, "cluster.yaml");
  mkdirSync(demoFolder, { recursive: true });
  await writeAtomically(file, demoClusterText(readFileSync(example, "utf8"), programs), 0o644);
  return file;
}

function whatIsBuilt(programs: DemoPrograms | undefined, file: string): string {
  if (programs === undefined) {
    return `The layers below Kubernetes, from ${file}. For Kubernetes too, the demo needs the internet or a bundle:
neither https://dl.k8s.io answers, nor is $SLIPWAY_BUNDLE set, nor is there a .tar in ${bundlesFolder}`;
  }
  const from = programs.from === "bundle" ? `the bundle ${programs.bundle.path}` : "the internet";
  return `A whole cluster, from ${file}, with the programs of ${from}`;
}
