import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { openBundle } from "../artifacts/bundle.ts";
import { bundlesFolder, foundBundle } from "../artifacts/found-bundle.ts";
import { exitCode } from "../problems/exit-code.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";
import { writeAtomically } from "../state/write-atomically.ts";
import { apply } from "./apply.ts";
import { type DemoPrograms, demoClusterText } from "./demo-cluster.ts";
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
  process.stdout.write(whatNext(cluster.spec, file, programs));
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

function whatNext(spec: ClusterSpec, file: string, programs: DemoPrograms | undefined): string {
  const slipway = `npx slipway -f ${file}`;
  const balancer = spec.hosts.find((host) => host.roles.includes("load-balancer"))?.name;
  const address = spec.endpoint.kind === "external" ? spec.endpoint.name : spec.endpoint.address;
  const plan = programs === undefined ? "plan --through etcd" : "plan";
  const nodes =
    programs === undefined
      ? ""
      : `
  ${slipway} lab ssh cp-1 -- kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes,pods -A -o wide
  ${slipway} rbac audit`;
  return `
What to try next
  ${slipway} status${nodes}${spec.etcd.topology === "external" ? `\n  ${slipway} etcd members` : ""}
  ${`${slipway} ${plan}`.padEnd(60)} nothing to do; change a file on a machine, and plan again
  ${slipway} lab ssh ${balancer} -- systemctl kill -s KILL haproxy
                                  systemd starts it again within a second; ${address} stays reachable
  ${slipway} lab ssh ${balancer} -- systemctl stop keepalived
                                  if it had the virtual IP, the other one has it now: ${slipway} status
  ${slipway} lab ssh cp-1
  ${slipway} runs show                   what was just done, as a document

Remove everything
  npx slipway lab down ${spec.name}
  rm -r ${programs === undefined ? join(dirname(file), ".slipway", spec.name) : demoFolder}   its runs, host keys and certificates
`;
}
