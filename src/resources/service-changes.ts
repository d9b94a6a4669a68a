import type { Change } from "../engine/step.ts";
import type { LoadedUnit } from "../facts/loaded-unit.ts";
import { isUp } from "../facts/unit-activity.ts";
import type { HostChange } from "../hosts/port.ts";
import type { Comparison } from "./resource.ts";

/** How long a start, stop or restart may take. */
const startsWithinMs = 180_000;

/** Running, or running and about to have taken its files again. */
export function isActive(unit: LoadedUnit): boolean {
  return isUp(unit.active);
}

/** Collects what is different about one service, and the commands in the order systemd needs them. */
export class ServiceChanges {
  readonly #what: string;
  readonly #unit: string;
  readonly #changes: Change[] = [];
  readonly #before: HostChange[] = [];
  readonly #last: HostChange[] = [];
  readonly #from: string[] = [];
  readonly #to: string[] = [];

  constructor(what: string, unit: string) {
    this.#what = what;
    this.#unit = unit;
  }

  daemonReload(): void {
    this.#changes.push({
      verb: "run",
      what: "systemctl daemon-reload",
      because: `the unit file of ${this.#unit} changed`,
    });
    this.#before.push({ kind: "run", argv: ["systemctl", "daemon-reload"] });
  }

  unmask(runtime: boolean): void {
    this.#before.push(this.#systemctl("unmask", ...(runtime ? ["--runtime"] : [])));
  }

  enable(from: string): void {
    if (from !== "") this.#from.push(from);
    this.#to.push("enabled");
    this.#before.push(this.#systemctl("enable"));
  }

  disable(): void {
    this.#from.push("enabled");
    this.#to.push("disabled");
    this.#last.push(this.#systemctl("disable"));
  }

  start(unit: LoadedUnit): void {
    this.#from.push(unit.active === "failed" ? `failed (${unit.result})` : describe(unit));
    this.#to.push("running");
    // A unit that failed too often refuses to start until its counter is reset.
    if (unit.active === "failed") this.#before.push(this.#systemctl("reset-failed"));
    // "activating (auto-restart)" waits between crashes: start now, with what was just changed.
    this.#last.unshift(this.#systemctl(unit.sub === "auto-restart" ? "restart" : "start"));
  }

  stop(unit: LoadedUnit): void {
    this.#from.push(describe(unit));
    this.#to.push("stopped");
    this.#last.unshift(this.#systemctl("stop"));
  }

  restart(because: string): void {
    this.#changes.push({ verb: "restart", what: this.#what, because });
    this.#last.push(this.#systemctl("restart"));
  }

  reload(because: string): void {
    this.#changes.push({ verb: "run", what: this.#what, to: "reloaded", because });
    this.#last.push(this.#systemctl("reload-or-restart"));
  }

  /** A file dated in the future stays newer than any process: it gets the present time. */
  touch(paths: readonly string[]): void {
    if (paths.length === 0) return;
    this.#before.push({ kind: "run", argv: ["touch", "--no-create", "--", ...paths] });
  }

  comparison(): Comparison {
    const state: Change[] =
      this.#to.length === 0
        ? []
        : [{ verb: "update", what: this.#what, from: this.#from.join(", "), to: this.#to.join(", ") }];
    const [first, ...rest] = [...state, ...this.#changes];
    if (first === undefined) return { state: "same" };
    return { state: "different", changes: [first, ...rest], make: [...this.#before, ...this.#last] };
  }

  #systemctl(verb: string, ...options: readonly string[]): HostChange {
    return {
      kind: "run",
      argv: ["systemctl", verb, ...options, "--", this.#unit],
      timeoutMs: startsWithinMs,
    };
  }
}

function describe(unit: LoadedUnit): string {
  if (unit.load === "not-found") return "absent";
  if (unit.active === "inactive") return "stopped";
  return isActive(unit) ? "running" : `${unit.active} (${unit.sub})`;
}
