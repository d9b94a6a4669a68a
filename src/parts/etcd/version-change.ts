import type { EtcdClusterStatus } from "../../cluster/etcd-status.ts";
import type { HostName } from "../../hosts/port.ts";
import type { Problem } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";

/**
 * Why a member must not be given the version of the cluster file: etcd goes up one minor version at a time, and not down,
 * and all members count, the one with the lowest and the one with the highest version. Where the program is to be
 * exchanged (`isExchanged`) at least one has to say which version it is. Undefined when it may.
 * https://etcd.io/docs/v3.6/upgrades/upgrade_3_6/ and https://etcd.io/docs/v3.6/downgrades/ (2026-11-21)
 */
export function versionOutOfReach(
  host: HostName,
  status: EtcdClusterStatus,
  spec: ClusterSpec,
  isExchanged: boolean,
): Problem | undefined {
  const { source } = spec.etcd;
  if (source.from === "distribution") return undefined;
  const to = numbersOf(source.version);
  if (to === undefined) return undefined;
  const answering = status.members.flatMap((member) => {
    const numbers = member.status === undefined ? undefined : numbersOf(member.status.version);
    return numbers === undefined || member.status === undefined ? [] : [{ ...numbers, version: member.status.version }];
  });
  const sorted = answering.sort((one, other) => one.major - other.major || one.minor - other.minor);
  const [lowest, highest] = [sorted[0], sorted.at(-1)];
  if (lowest === undefined || highest === undefined)
    return isExchanged ? versionUnknown(host, source.version) : undefined;
  if (!isReachable(highest, to) || !isReachable(lowest, to)) {
    const from = isReachable(lowest, to) ? highest : lowest;
    return outOfReach(host, from, source.version);
  }
  return undefined;
}

interface Numbers {
  readonly major: number;
  readonly minor: number;
}

function isReachable(from: Numbers, to: Numbers): boolean {
  return to.major === from.major && (to.minor === from.minor || to.minor === from.minor + 1);
}

function versionUnknown(host: HostName, wanted: string): Problem {
  return {
    code: "etcd/version-out-of-reach",
    severity: "error",
    message: `etcd member ${host} cannot change to version ${wanted} from one that is not known`,
    because: "no member answers, and etcd goes up one minor version at a time",
    hint: {
      text: "Bring the members back with the version they have, and apply again",
      command: "slipway etcd health",
    },
    where: { host },
  };
}

function outOfReach(host: HostName, from: Numbers & { readonly version: string }, wanted: string): Problem {
  return {
    code: "etcd/version-out-of-reach",
    severity: "error",
    message: `etcd member ${host} cannot change to version ${wanted} while one runs ${from.version}`,
    because: "etcd goes up one minor version at a time, and does not go back to a lower one",
    hint: {
      text: `Set etcd.source to a release ${from.major}.${from.minor} or ${from.major}.${from.minor + 1}, and apply again`,
    },
    where: { host },
  };
}

function numbersOf(version: string): Numbers | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version) ?? [];
  return major === undefined || minor === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}
