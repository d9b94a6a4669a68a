import { isIP } from "node:net";
import { etcdUnit } from "../../cluster/etcd-status.ts";
import type { Look } from "../../engine/step.ts";
import { etcdData } from "../../facts/etcd-data.ts";
import type { Fact } from "../../facts/fact.ts";
import { fileAmong, linesOfFiles } from "../../facts/lines-of-files.ts";
import { loadedUnit } from "../../facts/loaded-unit.ts";
import { textOf } from "../../facts/not-understood.ts";
import { isUp } from "../../facts/unit-activity.ts";
import type { HostName } from "../../hosts/port.ts";
import { type Problem, ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { etcdEnvironmentPath, etcdUnitPath } from "./etcd-layout.ts";

/** What a member keeps for its life, as its environment file has it; absent where the file does not set it. */
export interface EtcdFixedSettings {
  readonly address?: string;
  readonly dataDir?: string;
  readonly walDir?: string;
  readonly clientPort?: string;
  readonly peerPort?: string;
}

/** The settings a member on this host was last configured with; undefined when it never was. */
export const etcdFixedSettings: Fact<EtcdFixedSettings | undefined> = {
  name: "etcd-fixed-settings",
  reads: [linesOfFiles([etcdEnvironmentPath])],
  parse([answer]) {
    const file = fileAmong("etcd-fixed-settings", etcdEnvironmentPath, answer);
    const text = textOf("etcd-fixed-settings", etcdEnvironmentPath, file);
    if (text === undefined) return undefined;
    const value = (pattern: RegExp) => pattern.exec(text)?.[1];
    return {
      ...entry("address", value(/^ETCD_INITIAL_ADVERTISE_PEER_URLS=https:\/\/\[?([^\]\s,]+?)\]?:\d+$/m)),
      ...entry("dataDir", value(/^ETCD_DATA_DIR=(.+)$/m)),
      ...entry("walDir", value(/^ETCD_WAL_DIR=(.+)$/m)),
      // Where it listens may have been edited by hand, which is mended; others know it by what it advertises.
      ...entry("clientPort", value(/^ETCD_ADVERTISE_CLIENT_URLS=.*:(\d+)$/m)),
      ...entry("peerPort", value(/^ETCD_INITIAL_ADVERTISE_PEER_URLS=.*:(\d+)$/m)),
    };
  },
};

/**
 * Why nothing may be done to the member of this host: the cluster file has moved it, its data or its ports since it
 * was configured. With the new settings it would look as if it had no data, or did not answer, and a new member, or a new
 * cluster, would be made beside it. Undefined when nothing was moved, or no member lives there yet, or the host cannot
 * be asked.
 */
export async function fixedSettingChanged(
  look: Pick<Look, "factOf">,
  spec: ClusterSpec,
  host: HostSpec,
): Promise<Problem | undefined> {
  try {
    const [configured, unit] = await Promise.all([
      look.factOf(host.name, etcdFixedSettings),
      look.factOf(host.name, loadedUnit(etcdUnit)),
    ]);
    const [first] = configured === undefined ? [] : differences(configured, spec, host);
    if (configured === undefined || first === undefined) return undefined;
    const runs = unit !== "no-systemd" && unit.fragmentPath === etcdUnitPath && isUp(unit.active);
    const { dataDir } = configured;
    const hasData = dataDir !== undefined && (await look.factOf(host.name, etcdData(dataDir))) === "present";
    if (!runs && !hasData) return undefined;
    const where = hasData ? `its data is in ${dataDir}` : `${etcdUnit} runs`;
    return problemOf(host.name, first, where);
  } catch (cause) {
    // Who needs the host to answer says so; a host that is away must not hide what others have to say.
    if (cause instanceof ProblemError && cause.problem.code.startsWith("ssh/")) return undefined;
    throw cause;
  }
}

interface Difference {
  readonly setting: string;
  readonly from: string;
  readonly to: string;
}

function differences(configured: EtcdFixedSettings, spec: ClusterSpec, host: HostSpec): readonly Difference[] {
  const { etcd } = spec;
  const inside = "inside etcd.dataDir";
  const all: readonly (readonly [string, string | undefined, string])[] = [
    ["the address", isRealAddress(configured.address) ? configured.address : undefined, host.address],
    ["etcd.dataDir", configured.dataDir, etcd.dataDir],
    ["etcd.walDir", configured.walDir ?? inside, etcd.walDir ?? inside],
    ["etcd.clientPort", configured.clientPort, String(etcd.clientPort)],
    ["etcd.peerPort", configured.peerPort, String(etcd.peerPort)],
  ];
  return all.flatMap(([setting, from, to]) => (from === undefined || from === to ? [] : [{ setting, from, to }]));
}

/** Members reach each other there: not a wildcard, not the host's own loopback, and no words. */
function isRealAddress(address: string | undefined): boolean {
  return address !== undefined && isIP(address) !== 0 && !/^(0\.0\.0\.0|127\..*|::1?)$/.test(address);
}

function problemOf(host: HostName, { setting, from, to }: Difference, where: string): Problem {
  return {
    code: "etcd/fixed-setting-changed",
    severity: "error",
    message: `${setting} of the etcd member on ${host} cannot change from ${from} to ${to}`,
    because: `the member was configured with ${from}, and ${where}`,
    hint: {
      text: `Set ${setting} back to ${from} in the cluster file; moving a living member is not supported yet`,
    },
    where: { host },
  };
}

function entry<K extends string>(key: K, value: string | undefined): { readonly [key in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in K]: string });
}
