import { etcdUnit } from "../../cluster/etcd-status.ts";
import { etcdData } from "../../facts/etcd-data.ts";
import { type LoadedUnit, loadedUnit } from "../../facts/loaded-unit.ts";
import { together } from "../../facts/together.ts";
import { isUp } from "../../facts/unit-activity.ts";
import { bootstrapFile } from "./etcd-birth.ts";
import { etcdUnitPath } from "./etcd-layout.ts";

/** Whether a member lives on a host, and whether it runs. */
export const memberState = (dataDir: string) =>
  together({ data: etcdData(dataDir), unit: loadedUnit(etcdUnit), birth: bootstrapFile });

interface MemberState {
  readonly data: "present" | "absent";
  readonly unit: LoadedUnit | "no-systemd";
}

/**
 * Whether there is something to lose on a host: a member with data, or one that runs. Its files are changed by its
 * restart step only, so that what is wrong with them never gets further than one member.
 */
export function isLiving({ data, unit }: MemberState): boolean {
  return data === "present" || (isActive(unit) && unit !== "no-systemd" && unit.fragmentPath === etcdUnitPath);
}

/** systemd calls etcd active once it has joined a quorum. */
export function isActive(unit: LoadedUnit | "no-systemd"): boolean {
  return unit !== "no-systemd" && isUp(unit.active);
}
