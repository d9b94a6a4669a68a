import type { ClusterSpec } from "../spec/cluster-spec.ts";
import { imageKey, type Wanted } from "./gather.ts";
import { type Machine, neededArtifacts } from "./needed-artifacts.ts";

/** What all hosts of a cluster need together. */
export function wantedFor(spec: ClusterSpec, machines: readonly Machine[]): Wanted {
  const files = new Set<string>();
  const images = new Set<string>();
  const packages = new Set<string>();
  for (const machine of machines) {
    const needed = neededArtifacts(spec, machine);
    for (const name of needed.files) files.add(name);
    for (const ref of needed.images) images.add(imageKey(machine.architecture, ref));
    packages.add(`${machine.distribution} ${machine.architecture}`);
  }
  return { files, images, packages };
}
