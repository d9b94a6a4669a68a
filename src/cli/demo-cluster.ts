import { parseDocument } from "yaml";
import type { Bundle } from "../artifacts/bundle.ts";
import { releaseIn } from "../artifacts/found-bundle.ts";
import { containerdRelease } from "../domain/containerd-release.ts";

/** Where the programs of the demo's Kubernetes come from. */
export type DemoPrograms = { readonly from: "bundle"; readonly bundle: Bundle } | { readonly from: "internet" };

/**
 * The example's cluster file (`example`), made to go on to Kubernetes: with the programs a bundle has, or those of their
 * publishers. etcd is a cluster of its own where its release is in the bundle, and stacked elsewhere: Debian 12's is too
 * old for Kubernetes, and one from the internet would need a digest only its user can vouch for.
 */
export function demoClusterText(example: string, programs: DemoPrograms): string {
  const document = parseDocument(example);
  const names = programs.from === "bundle" ? programs.bundle.index.artifacts.map((one) => one.name) : [];
  const etcd = releaseIn(names, "etcd")?.replace(/^v/, "");
  const containerd = programs.from === "internet" ? containerdRelease : releaseIn(names, "containerd");
  if (etcd === undefined) document.setIn(["spec", "etcd", "topology"], "stacked");
  else document.setIn(["spec", "etcd", "source"], { from: "release", version: etcd });
  if (containerd !== undefined) {
    document.setIn(["spec", "runtime"], { source: { from: "release", version: containerd } });
  }
  if (programs.from === "bundle") {
    document.setIn(["spec", "kubernetes", "version"], programs.bundle.index.kubernetes);
    document.setIn(["spec", "artifacts"], { bundle: programs.bundle.path });
  }
  return document.toString({ lineWidth: 0 });
}
