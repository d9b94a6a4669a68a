import type { CommandResult, Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";
import { parsedOnce } from "./parsed-once.ts";
import { systemdAway } from "./systemd-away.ts";

/** What systemd knows of one unit. */
export interface LoadedUnit {
  /** The unit's own name; differs from the asked one for an alias. */
  readonly id: string;
  /** "loaded", "not-found", "masked", "bad-setting", "error". */
  readonly load: string;
  /** "active", "reloading", "inactive", "failed", "activating", "deactivating". */
  readonly active: string;
  /** "running", "exited", "dead", "auto-restart", ... */
  readonly sub: string;
  /** "enabled", "disabled", "static", "masked", "masked-runtime", ...; "" when there is no unit file. */
  readonly unitFile: string;
  /** Where the unit was loaded from; "" when it was not. */
  readonly fragmentPath: string;
  /** What a generator made it from, e.g. "/etc/fstab"; "" for an ordinary unit. */
  readonly sourcePath: string;
  readonly mainPid: number;
  /** The unit file on disk is newer than what systemd has loaded. */
  readonly needsDaemonReload: boolean;
  /** "success", "exit-code", "start-limit-hit", ... */
  readonly result: string;
  /** When the main process was started; absent when it never was. */
  readonly startedAt?: UnitMoment;
  /** When the state last changed; a reload changes it too. */
  readonly stateChangedAt?: UnitMoment;
  /** How many files its processes may have open, "infinity" or a number; absent for a unit that starts none. */
  readonly openFiles?: { readonly soft: string; readonly hard: string };
}

/** A moment twice: by the wall clock then, in whole seconds, and by the monotonic clock, in seconds with fractions. */
export interface UnitMoment {
  readonly epochSecond: number;
  readonly monotonic: number;
}

const properties = [
  "Id",
  "Names",
  "LoadState",
  "ActiveState",
  "SubState",
  "UnitFileState",
  "FragmentPath",
  "SourcePath",
  "MainPID",
  "NeedDaemonReload",
  "Result",
  "ExecMainStartTimestamp",
  "ExecMainStartTimestampMonotonic",
  "StateChangeTimestamp",
  "StateChangeTimestampMonotonic",
  "LimitNOFILE",
  "LimitNOFILESoft",
].join(",");
const argv = ["env", "TZ=UTC", "LC_ALL=C", "systemctl", "show", "--no-pager", `--property=${properties}`, "--"];
const asked = argv.join(" ");

/**
 * The state of one systemd unit; "no-systemd" on a host that does not run it. All units asked of a host in one turn
 * cost one `systemctl show`. A unit systemd has never heard of has `load` "not-found".
 */
export function loadedUnit(unit: string): Fact<LoadedUnit | "no-systemd"> {
  const reads: readonly Read[] = [{ kind: "run", argv, operands: [unit], passing: systemdAway }];
  return {
    name: `loaded-unit ${unit}`,
    reads,
    parse([answer]) {
      const result = commandOf("loaded-unit", asked, answer);
      if (result.exitCode === 127 || isWithoutSystemd(result)) return "no-systemd";
      const state = unitsIn(result).get(unit);
      if (state === undefined) throw notUnderstood("loaded-unit", asked, answer, `no part of it is about ${unit}`);
      return state;
    },
  };
}

/** Every active unit of type swap, with what it was generated from; empty on a host without systemd. */
export const swapUnits: Fact<readonly LoadedUnit[]> = {
  name: "swap-units",
  reads: [{ kind: "run", argv: [...argv.slice(0, -1), "--state=active", "--type=swap"], passing: systemdAway }],
  parse([answer]) {
    const result = commandOf("loaded-unit", asked, answer);
    if (result.exitCode === 127 || isWithoutSystemd(result)) return [];
    if (result.exitCode !== 0) throw notUnderstood("swap-units", asked, answer, `it ended with ${result.exitCode}`);
    return [...new Set(unitsIn(result).values())];
  },
};

function isWithoutSystemd(result: CommandResult): boolean {
  return (
    result.exitCode !== 0 &&
    /not been booted with systemd|Failed to connect to bus: (?:No such file|Host is down)/.test(
      result.stderr.toString("utf8"),
    )
  );
}

/** All units of one output, by each of their names. */
const unitsIn = parsedOnce((result): ReadonlyMap<string, LoadedUnit> => {
  const units = new Map<string, LoadedUnit>();
  for (const block of result.stdout.toString("utf8").split(/\n\n+/)) {
    const fields = fieldsOf(block);
    const id = fields.get("Id");
    const load = fields.get("LoadState");
    const active = fields.get("ActiveState");
    if (id === undefined || load === undefined || active === undefined) continue;
    const startedAt = momentOf(fields, "ExecMainStartTimestamp");
    const stateChangedAt = momentOf(fields, "StateChangeTimestamp");
    const [soft, hard] = [fields.get("LimitNOFILESoft"), fields.get("LimitNOFILE")];
    const state: LoadedUnit = {
      id,
      load,
      active,
      sub: fields.get("SubState") ?? "",
      unitFile: fields.get("UnitFileState") ?? "",
      fragmentPath: fields.get("FragmentPath") ?? "",
      sourcePath: fields.get("SourcePath") ?? "",
      mainPid: Number(fields.get("MainPID") ?? 0),
      needsDaemonReload: fields.get("NeedDaemonReload") === "yes",
      result: fields.get("Result") ?? "",
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(stateChangedAt === undefined ? {} : { stateChangedAt }),
      ...(soft === undefined || hard === undefined ? {} : { openFiles: { soft, hard } }),
    };
    for (const name of [id, ...(fields.get("Names") ?? "").split(" ")]) if (name !== "") units.set(name, state);
  }
  return units;
});

function fieldsOf(block: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of block.split("\n")) {
    const equals = line.indexOf("=");
    if (equals > 0) fields.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return fields;
}

/** "Thu 2024-11-21 04:08:12 UTC" and its microseconds on the monotonic clock. Absent when systemd has not set it. */
function momentOf(fields: ReadonlyMap<string, string>, name: string): UnitMoment | undefined {
  const match = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/.exec(fields.get(name) ?? "");
  const micros = Number(fields.get(`${name}Monotonic`) ?? 0);
  if (match === null || micros === 0) return undefined;
  return { epochSecond: Date.parse(`${match[1]}T${match[2]}Z`) / 1000, monotonic: micros / 1e6 };
}
