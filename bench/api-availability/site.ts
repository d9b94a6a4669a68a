import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { openBundle } from "../../src/artifacts/bundle.ts";
import { foundBundle } from "../../src/artifacts/found-bundle.ts";
import { type Lab, openLab } from "../../src/lab/lab.ts";
import { testLab } from "../../test/support/lab.ts";
import { clusterFile, sevenMachines } from "../kill/cluster.ts";
import { kubernetesFile } from "../kill/kubernetes-file.ts";
import { type Ended, makeWorkFolder, type WorkFolder } from "../kill/work-folder.ts";
import type { Target } from "./ways.ts";

/** A cluster that is installed, and its user's folder. */
export interface Site extends AsyncDisposable {
  readonly lab: Lab;
  readonly folder: WorkFolder;
  /** How long the installation took; undefined for one that was there. */
  readonly installMs?: number;
}

/** Longer than any command takes here, also on a busy computer. */
const killAfterMs = 20 * 60_000;

/** Throws with what Slipway said when it did not end with 0. */
export async function succeeded(folder: WorkFolder, args: readonly string[]): Promise<Ended> {
  const ended = await folder.slipway(args, killAfterMs);
  if (ended.exitCode === 0) return ended;
  throw new Error(`slipway ${args.join(" ")} ended with ${ended.exitCode}:\n${ended.stdout}\n${ended.stderr}`);
}

/** Boots the example's seven machines and installs the Kubernetes of the bundle on them. Disposing removes all of it. */
export async function installedSite(): Promise<Site> {
  const bundlePath = foundBundle();
  if (bundlePath === undefined) throw new Error("there is no bundle of Kubernetes (see docs/bundles.md)");
  const lab = await testLab({ name: "api", machines: Object.keys(sevenMachines) });
  const path = await mkdtemp(join(tmpdir(), "slipway-api-availability-"));
  const dispose = async () => {
    await lab[Symbol.asyncDispose]();
    await rm(path, { recursive: true });
  };
  try {
    const bare = clusterFile(lab, sevenMachines, lab.freeAddress(10));
    const text = kubernetesFile(bare, openBundle(bundlePath), "external");
    const folder = await makeWorkFolder(path, lab, text, { whole: true });
    const { durationMs } = await succeeded(folder, ["apply", "--yes"]);
    return { lab, folder, installMs: durationMs, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** "NAME=FOLDER": a lab that is up and installed, and its user's folder. Disposing leaves it as it is. */
export async function existingSite(words: string): Promise<Site> {
  const [name = "", path = ""] = words.split("=");
  const lab = await openLab(name);
  const text = await readFile(join(path, "cluster.yaml"), "utf8");
  const folder = await makeWorkFolder(path, lab, text, { whole: true });
  return { lab, folder, [Symbol.asyncDispose]: () => Promise.resolve() };
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: Readonly<Record<string, string>> }];
  readonly users: readonly [{ readonly user: Readonly<Record<string, string>> }];
}

/** The virtual IP, with the credentials `slipway kubeconfig` issues. */
export async function targetOf({ folder }: Site): Promise<Target> {
  const { stdout } = await succeeded(folder, ["kubeconfig", "--out", "-", "--days", "1"]);
  const { clusters, users } = parse(stdout) as Kubeconfig;
  const { server = "", "certificate-authority-data": ca } = clusters[0].cluster;
  const { "client-certificate-data": cert, "client-key-data": key } = users[0].user;
  const decoded = (text: string | undefined) => Buffer.from(text ?? "", "base64").toString();
  const { hostname, port } = new URL(server);
  return { host: hostname, port: Number(port), ca: decoded(ca), cert: decoded(cert), key: decoded(key) };
}
