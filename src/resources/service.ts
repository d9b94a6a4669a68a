import { hostTime } from "../facts/host-time.ts";
import { type LoadedUnit, loadedUnit } from "../facts/loaded-unit.ts";
import { pathStat } from "../facts/path-stat.ts";
import type { Read } from "../hosts/port.ts";
import { ProblemError } from "../problems/problem.ts";
import { filesNotLoaded } from "./process-age.ts";
import type { Answers, Comparison, Resource } from "./resource.ts";
import { isActive, ServiceChanges } from "./service-changes.ts";

/** A systemd service that is to run (or not), with what it reads at start loaded. */
export interface ServiceDeclaration {
  /** "chrony.service", with its suffix. */
  readonly unit: string;
  /** Default true: enabled at boot and running. False: stopped and disabled. */
  readonly running?: boolean;
  /** Started at boot; default: as `running`. */
  readonly enabled?: boolean;
  /** Files it reads when it starts. It is restarted when one changes, or is newer than the running process. */
  readonly loads?: readonly string[];
  /** Unit files and drop-ins: as `loads`, and systemd reloads them first. Always a restart. */
  readonly unitFiles?: readonly string[];
  /** Keys of other resources of the group whose change restarts it, e.g. "package containerd". */
  readonly restartsWith?: readonly string[];
  /** How it takes a changed file of `loads`; default "restart". "nothing": it sees changes by itself. */
  readonly onChange?: "restart" | "reload" | "nothing";
}

/**
 * A service's state and what it has loaded. Throws `host/no-systemd` where there is none. A masked unit that is to run
 * is named as masked, and unmasked.
 */
export function service(declared: ServiceDeclaration): Resource {
  const key = `service ${declared.unit}`;
  const state = loadedUnit(declared.unit);
  const running = declared.running ?? true;
  const enabled = declared.enabled ?? running;
  const unitFiles = declared.unitFiles ?? [];
  const loads = declared.onChange === "nothing" ? [] : (declared.loads ?? []);
  const stats = new Map<string, Read>([...unitFiles, ...loads].map((path) => [path, { kind: "stat", path }]));
  const aged = running && stats.size > 0;

  /** Files of `paths` the process has not loaded: changed earlier in this group, or newer than `by` says. */
  function notLoaded(paths: readonly string[], unit: LoadedUnit, answers: Answers, reloads: boolean) {
    const time = hostTime.parse(hostTime.reads.map((read) => answers.of(read)));
    const files = paths.flatMap((path) => {
      const read = stats.get(path);
      if (read === undefined) return [];
      const stat = pathStat(path, answers.of(read));
      return stat.exists ? [{ path, modifiedAt: stat.modifiedAt }] : [];
    });
    return filesNotLoaded(files, unit, time, reloads);
  }

  return {
    key,
    reads: [...state.reads, ...(aged ? [...stats.values(), ...hostTime.reads] : [])],
    compare(answers, changed) {
      const unit = state.parse(state.reads.map((read) => answers.of(read)));
      if (unit === "no-systemd") throw noSystemd(declared.unit);
      if (!running) return whenToBeStopped(unit);
      const unitFileChanged = unitFiles.some((path) => changed.has(`file ${path}`));
      const plan = new ServiceChanges(key, declared.unit);
      const masked = unit.load === "masked" || unit.unitFile.startsWith("masked");
      if (unit.needsDaemonReload || unitFileChanged) plan.daemonReload();
      if (masked) plan.unmask(unit.unitFile === "masked-runtime");
      if (enabled && (masked || !isEnabled(unit))) plan.enable(masked ? "masked" : unit.unitFile);
      if (!enabled && unit.unitFile === "enabled") plan.disable();
      if (!isActive(unit)) {
        plan.start(unit);
        return plan.comparison();
      }
      const reloads = declared.onChange === "reload";
      const startedBefore = aged ? notLoaded(unitFiles, unit, answers, false) : nothingNew;
      const loadedBefore = aged ? notLoaded(loads, unit, answers, reloads) : nothingNew;
      plan.touch([...startedBefore.inTheFuture, ...loadedBefore.inTheFuture]);
      const resource = declared.restartsWith?.find((one) => changed.has(one));
      const restart = firstReason(unitFiles, changed, startedBefore) ?? (resource && `${resource} changes`);
      const reload = firstReason(loads, changed, loadedBefore);
      if (restart !== undefined) plan.restart(restart);
      else if (reload !== undefined && reloads) plan.reload(reload);
      else if (reload !== undefined) plan.restart(reload);
      return plan.comparison();
    },
  };

  function whenToBeStopped(unit: LoadedUnit): Comparison {
    const plan = new ServiceChanges(key, declared.unit);
    if (isActive(unit) || unit.active === "activating") plan.stop(unit);
    if (!enabled && (unit.unitFile === "enabled" || unit.unitFile === "enabled-runtime")) plan.disable();
    return plan.comparison();
  }
}

const nothingNew: ReturnType<typeof filesNotLoaded> = { newer: [], inTheFuture: [] };

function firstReason(
  paths: readonly string[],
  changed: ReadonlySet<string>,
  found: ReturnType<typeof filesNotLoaded>,
): string | undefined {
  const changing = paths.find((path) => changed.has(`file ${path}`));
  if (changing !== undefined) return `${changing} changes`;
  const [newer] = found.newer;
  if (newer === undefined) return undefined;
  if (found.inTheFuture.includes(newer))
    return `${newer} is dated in the future, so nothing tells whether it is loaded`;
  return `the running process is older than ${newer}`;
}

/** Static, generated and alias units cannot be enabled and start all the same when something wants them. */
function isEnabled(unit: LoadedUnit): boolean {
  return ["enabled", "static", "alias", "indirect", "generated", "transient"].includes(unit.unitFile);
}

function noSystemd(unit: string): ProblemError {
  return new ProblemError({
    code: "host/no-systemd",
    severity: "error",
    message: `${unit} cannot be managed`,
    because: "the host was not booted with systemd",
    hint: { text: "Use a machine whose first process is systemd", command: "ps -p 1 -o comm=" },
  });
}
