import type { Change } from "../../engine/step.ts";
import { loadedUnit } from "../../facts/loaded-unit.ts";
import type { HostChange } from "../../hosts/port.ts";
import type { Comparison, Resource } from "../../resources/resource.ts";

/**
 * A unit that systemd knows as its files are, and starts at boot; whether it runs now is somebody else's business.
 * `files` are those it is made of, declared earlier in the same group.
 */
export function enabledUnit(unit: string, files: readonly string[]): Resource {
  const key = `unit ${unit}`;
  const state = loadedUnit(unit);
  return {
    key,
    reads: state.reads,
    compare(answers, changed): Comparison {
      const found = state.parse(state.reads.map((read) => answers.of(read)));
      const changes: Change[] = [];
      const make: HostChange[] = [];
      const rewritten = files.some((path) => changed.has(`file ${path}`));
      if (found === "no-systemd" || found.needsDaemonReload || rewritten) {
        changes.push({ verb: "run", what: "systemctl daemon-reload", because: `the unit file of ${unit} changed` });
        make.push({ kind: "run", argv: ["systemctl", "daemon-reload"] });
      }
      if (found !== "no-systemd" && found.unitFile !== "enabled") {
        const from = found.unitFile === "" ? {} : { from: found.unitFile };
        changes.push({ verb: "update", what: key, ...from, to: "enabled" });
        make.push({ kind: "run", argv: ["systemctl", "enable", "--", unit] });
      }
      const [first, ...rest] = changes;
      return first === undefined ? { state: "same" } : { state: "different", changes: [first, ...rest], make };
    },
  };
}
