import type { ClusterSpec } from "../spec/cluster-spec.ts";
import type { ChartValues } from "./chart-values.ts";
import { imageKey, type Wanted } from "./gather.ts";
import { type Machine, neededArtifacts } from "./needed-artifacts.ts";

/**
 * What all hosts of a cluster need together; `packagesOf` names the system packages of one of them, `chart` are the values
 * of the network plugin's chart, where it is at hand.
 */
export function wantedFor(
  spec: ClusterSpec,
  machines: readonly Machine[],
  packagesOf: (machine: Machine) => readonly string[],
  chart?: ChartValues,
): Wanted {
  const files = new Set<string>();
  const images = new Set<string>();
  const packages = new Map<string, Set<string>>();
  for (const machine of machines) {
    const needed = neededArtifacts(spec, machine, chart);
    for (const name of needed.files) files.add(name);
    for (const ref of needed.images) images.add(imageKey(machine.architecture, ref));
    const key = `${machine.distribution} ${machine.architecture}`;
    packages.set(key, new Set([...(packages.get(key) ?? []), ...packagesOf(machine)]));
  }
  return { files, images, packages };
}
