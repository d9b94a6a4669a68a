import type { HostName } from "../../hosts/port.ts";
import type { Problem } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";

/**
 * Why a member that runs one version of etcd must not be given that of the cluster file: etcd goes up one minor version
 * at a time, and not down. Undefined when it may, or when one of the two is not known.
 * https://etcd.io/docs/v3.6/upgrades/upgrade_3_6/ and https://etcd.io/docs/v3.6/downgrades/ (2026-11-21)
 */
export function versionOutOfReach(host: HostName, running: string | undefined, spec: ClusterSpec): Problem | undefined {
  const { source } = spec.etcd;
  if (running === undefined || source.from === "distribution") return undefined;
  const [from, to] = [numbersOf(running), numbersOf(source.version)];
  if (from === undefined || to === undefined) return undefined;
  const isNext = to.major === from.major && (to.minor === from.minor || to.minor === from.minor + 1);
  if (isNext) return undefined;
  return {
    code: "etcd/version-out-of-reach",
    severity: "error",
    message: `etcd member ${host} cannot change from version ${running} to ${source.version}`,
    because: "etcd goes up one minor version at a time, and does not go back to a lower one",
    hint: {
      text: `Set etcd.source to a release ${from.major}.${from.minor} or ${from.major}.${from.minor + 1}, and apply again`,
    },
    where: { host },
  };
}

function numbersOf(version: string): { readonly major: number; readonly minor: number } | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version) ?? [];
  return major === undefined || minor === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}
