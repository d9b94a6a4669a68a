import { dirname } from "node:path/posix";
import type { Hosts } from "../../src/hosts/port.ts";
import { toFile } from "./fake-files.ts";
import { FakeHost } from "./fake-host.ts";
import type { FakeFile, FakeHostScript, FakeOperation, FakeRun } from "./fake-host-script.ts";

export interface FakeHostsScript {
  /** Names, or names with what is special about each. */
  readonly hosts: readonly string[] | Readonly<Record<string, FakeHostScript>>;
  /** What all hosts have; shared, so it costs nothing per host. A host's own entries win. */
  readonly base?: FakeHostScript;
  /** The time on the hosts. Default: starts with 2026 and goes on a second with every file written. */
  readonly now?: () => Date;
  /** How far our own clock was set away from it; default 0. */
  readonly clockSetMs?: () => number;
}

/**
 * Scripted hosts in memory, for unit tests. Usage:
 *
 *     const hosts = fakeHosts({
 *       hosts: { "cp-1": { files: { "/etc/hosts": "127.0.0.1 localhost" } } },
 *       base: { runs: [{ argv: ["systemctl", "show"], answer: "ActiveState=active\n" }] },
 *     });
 *     hosts.host("cp-1").changes; // what was done, in order
 *
 * A command that is in no table throws an ordinary Error naming it.
 */
export function fakeHosts(script: FakeHostsScript): FakeHosts {
  return new FakeHosts(script);
}

export class FakeHosts implements Hosts {
  /** Operations under way that will answer; hung ones are not counted. */
  readonly inFlight = { count: 0 };
  /** Called before every operation; may throw or wait. */
  onOperation: ((operation: FakeOperation) => void | Promise<void>) | undefined;
  readonly #scripts: Readonly<Record<string, FakeHostScript>>;
  readonly #base: FakeHostScript;
  readonly #baseFiles: ReadonlyMap<string, FakeFile>;
  readonly #hosts = new Map<string, FakeHost>();
  readonly #now: (() => Date) | undefined;
  readonly #clockSetMs: () => number;
  #time = 1_767_225_600;
  #roundTrips = 0;
  #connections = 0;
  #changesLeft = Number.POSITIVE_INFINITY;

  constructor(script: FakeHostsScript) {
    const { hosts } = script;
    this.#scripts = isNames(hosts) ? Object.fromEntries(hosts.map((name) => [name, {}])) : hosts;
    this.#base = script.base ?? {};
    this.#now = script.now;
    this.#clockSetMs = script.clockSetMs ?? (() => 0);
    const tick = () => this.#tick();
    this.#baseFiles = new Map(
      Object.entries(this.#base.files ?? {}).map(([path, file]) => [path, toFile(file, tick)] as const),
    );
  }

  session(name: string): FakeHost {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    const script = this.#scripts[name];
    if (script === undefined) throw new Error(`there is no fake host ${name}`);
    const host = new FakeHost(name, script, {
      base: this.#base,
      baseFiles: this.#baseFiles,
      tick: () => this.#tick(),
      roundTrip: (one) => {
        one.roundTrips += 1;
        this.#roundTrips += 1;
        if (!one.connected) this.#connections += 1;
        one.connected = true;
      },
      gate: (operation) => this.#gate(operation),
      clockSetMs: this.#clockSetMs,
      inFlight: this.inFlight,
    });
    this.#hosts.set(name, host);
    return host;
  }

  /** The same object as `session`, by a name that reads well in a test. */
  host(name: string): FakeHost {
    return this.session(name);
  }

  /** Hosts that were used so far. */
  used(): FakeHost[] {
    return [...this.#hosts.values()];
  }

  /** Changes carried out on all hosts. */
  changeCount(): number {
    return this.used().reduce((sum, host) => sum + host.changes.length, 0);
  }

  /** As if Slipway were killed after `count` more changes: everything after that hangs for ever. */
  freezeAfter(count: number): void {
    this.#changesLeft = count;
  }

  /** A new Slipway starts: what hung stays hung, what is asked from now on is answered. */
  thaw(): void {
    this.#changesLeft = Number.POSITIVE_INFINITY;
  }

  usage(): { connections: number; roundTrips: number } {
    return { connections: this.#connections, roundTrips: this.#roundTrips };
  }

  close(): Promise<void> {
    for (const host of this.used()) host.connected = false;
    return Promise.resolve();
  }

  #tick(): number {
    if (this.#now !== undefined) return this.#now().getTime() / 1000;
    this.#time += 1;
    return this.#time;
  }

  async #gate(operation: FakeOperation): Promise<void> {
    if (this.#changesLeft <= 0) {
      this.inFlight.count -= 1;
      await new Promise(() => undefined);
    }
    if (operation.kind === "change") this.#changesLeft -= 1;
    await this.onOperation?.(operation);
  }
}

function isNames(hosts: FakeHostsScript["hosts"]): hosts is readonly string[] {
  return Array.isArray(hosts);
}

/** What coreutils do to the file model: `ln`, `mv`, `mkdir`, `chmod`. For scripts that let the engine take its lock. */
export const fileCommands: readonly FakeRun[] = [
  {
    argv: ["ln"],
    answer: ({ argv, host }) => {
      const [from, to] = argv.slice(-2);
      const file = from === undefined ? undefined : host.files.get(from);
      if (file === undefined || to === undefined) return { exitCode: 1, stderr: `ln: ${from}: No such file` };
      if (host.files.get(to) !== undefined) return { exitCode: 1, stderr: `ln: ${to}: File exists` };
      host.files.write(to, { ...file, content: file.bytes });
      return "";
    },
  },
  {
    argv: ["mv"],
    answer: ({ argv, host }) => {
      const [from, to] = argv.slice(-2);
      const file = from === undefined ? undefined : host.files.get(from);
      if (file === undefined || from === undefined || to === undefined)
        return { exitCode: 1, stderr: `mv: ${from}: No such file` };
      host.files.write(to, { ...file, content: file.bytes });
      host.files.remove(from, false);
      return "";
    },
  },
  {
    argv: ["mkdir"],
    answer: ({ argv, host }) => {
      const path = argv.at(-1) ?? "";
      const parent = dirname(path);
      if (!argv.includes("-p") && parent !== "/" && host.files.get(parent) === undefined)
        return { exitCode: 1, stderr: `mkdir: ${path}: No such file or directory` };
      if (host.files.get(path) !== undefined)
        return argv.includes("-p") ? "" : { exitCode: 1, stderr: `mkdir: ${path}: File exists` };
      host.files.write(path, { type: "directory" });
      return "";
    },
  },
  {
    argv: ["chmod"],
    answer: ({ argv, host }) => {
      const [mode, path] = argv.slice(-2);
      const file = path === undefined ? undefined : host.files.get(path);
      if (file === undefined || path === undefined) return { exitCode: 1, stderr: `chmod: ${path}: No such file` };
      host.files.write(path, { ...file, content: file.bytes, mode: Number.parseInt(mode ?? "", 8) });
      return "";
    },
  },
];
