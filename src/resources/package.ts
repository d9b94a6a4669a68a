import type { Change } from "../engine/step.ts";
import { debPackages, type InstalledPackages } from "../facts/deb-packages.ts";
import { dnfLocks } from "../facts/dnf-locks.ts";
import { rpmPackages } from "../facts/rpm-packages.ts";
import type { Answer, Read } from "../hosts/port.ts";
import { ProblemError } from "../problems/problem.ts";
import { installWithApt } from "./apt-install.ts";
import { installWithDnf } from "./dnf-install.ts";
import { heldByUsRead, isHeldByUs } from "./held-by-us.ts";
import type { Comparison, Resource } from "./resource.ts";

/** A package by name: any version, or exactly one, which is then held. */
export type PackageWanted = string | { readonly name: string; readonly version: string };
export type PackageManager = "apt" | "dnf";

export interface PackagesOptions {
  /**
   * Units the packages bring that must not be started by the installation with the distribution's default
   * configuration: masked until reboot before, unmasked after. A run that dies in between leaves the mask, which is then
   * a difference of its own.
   */
  readonly keepStopped?: readonly string[];
}

/** What installing needs to know. */
export interface Installation {
  /** "name" or the manager's way to write name and version, those to install. */
  readonly install: readonly PinnedPackage[];
  /** Pinned packages that have to be held. */
  readonly hold: readonly Required<PinnedPackage>[];
  /** Packages Slipway has held that are pinned no more. */
  readonly unhold: readonly string[];
  /** Masked while packages are installed, and not masked afterwards. */
  readonly keepStopped: readonly string[];
}
export interface PinnedPackage {
  readonly name: string;
  readonly version?: string;
}

/**
 * Packages that have to be installed, in one transaction. Without a version, whatever is installed is right and is left
 * alone; with one, exactly that is installed (a downgrade too) and held. A hold that Slipway made is taken away when the
 * version is pinned no more; one that somebody else made, also before the
 * version was pinned, stays, and is named. Key: "package NAME", or "packages NAME, NAME".
 */
export function packages(
  wanted: readonly PackageWanted[],
  manager: PackageManager,
  options: PackagesOptions = {},
): Resource {
  const pinned = wanted.map((one): PinnedPackage => (typeof one === "string" ? { name: one } : one));
  for (const { name, version } of pinned) refuseOddName(name, version);
  const names = pinned.map((one) => one.name);
  const installed = manager === "apt" ? debPackages(names) : rpmPackages(names);
  const masks = (options.keepStopped ?? []).map((unit) => ({ unit, read: maskRead(unit) }));
  const locks = manager === "dnf" ? dnfLocks : undefined;
  return {
    key: `package${names.length === 1 ? "" : "s"} ${names.join(", ")}`,
    reads: [
      ...installed.reads,
      ...(locks?.reads ?? []),
      ...masks.map(({ read }) => read),
      // Where a hold is wanted, whose it is will be asked anyway: not in a round trip of its own.
      ...pinned.flatMap((one) => (one.version === undefined ? [] : [heldByUsRead(one.name)])),
    ],
    compare(answers): Comparison {
      const found = installed.parse(installed.reads.map((read) => answers.of(read)));
      if (found === "no-dpkg" || found === "no-rpm") throw noManager(manager, names);
      const locked = locks?.parse(locks.reads.map((read) => answers.of(read)));
      const isHeld = (name: string) => (locked === undefined ? found.get(name)?.held === true : locked.has(name));
      const heldNow = pinned.filter((one) => found.has(one.name) && isHeld(one.name));
      const [note, ...notes] = heldNow.map((one) => heldByUsRead(one.name));
      if (note !== undefined && ![note, ...notes].every((read) => answers.has(read))) {
        return { state: "read-more", reads: [note, ...notes] };
      }
      const isOurs = ({ name }: PinnedPackage) =>
        isHeldByUs(name, answers.of(heldByUsRead(name)), found.get(name)?.version ?? "");
      const unhold = heldNow.filter((one) => one.version === undefined && isOurs(one)).map((one) => one.name);
      const foreign = heldNow.filter((one) => !isOurs(one)).map((one) => one.name);
      const masked = masks.filter(({ read }) => isMask(answers.of(read))).map(({ unit }) => unit);
      return compare(pinned, found, { isHeld, unhold, foreign }, manager, {
        keepStopped: options.keepStopped ?? [],
        masked,
      });
    },
  };
}

function compare(
  pinned: readonly PinnedPackage[],
  found: InstalledPackages,
  holds: { isHeld(name: string): boolean; readonly unhold: readonly string[]; readonly foreign: readonly string[] },
  manager: PackageManager,
  units: { readonly keepStopped: readonly string[]; readonly masked: readonly string[] },
): Comparison {
  const changes: Change[] = [];
  const install: PinnedPackage[] = [];
  const hold: Required<PinnedPackage>[] = [];
  for (const one of pinned) {
    const { name, version } = one;
    const what = `package ${name}`;
    const there = found.get(name);
    const to = version === undefined ? {} : { to: version };
    if (there === undefined) {
      changes.push({ verb: "create", what, ...to });
    } else if (!there.complete) {
      changes.push({ verb: "update", what, from: there.version, ...to, because: "its installation was interrupted" });
    } else if (version !== undefined && there.version !== version) {
      changes.push({ verb: "update", what, from: there.version, to: version });
    } else {
      if (version !== undefined && !holds.isHeld(name)) {
        changes.push({
          verb: "update",
          what,
          from: "not held",
          to: "held",
          because: "the cluster file pins its version",
        });
        hold.push({ name, version });
      }
      continue;
    }
    install.push(one);
    if (version !== undefined) hold.push({ name, version });
  }
  for (const name of holds.unhold) {
    const because = "the cluster file no longer pins its version";
    changes.push({ verb: "update", what: `package ${name}`, from: "held", to: "not held", because });
  }
  const because = "an earlier run was interrupted while it installed packages";
  for (const unit of units.masked) {
    changes.push({ verb: "update", what: `service ${unit}`, from: "masked until reboot", to: "not masked", because });
  }
  const [first, ...rest] = changes;
  if (first === undefined) return holds.foreign.length === 0 ? same : { ...same, note: foreignHolds(holds.foreign) };
  const keepStopped = install.length > 0 ? units.keepStopped : units.masked;
  const installation: Installation = { install, hold, unhold: holds.unhold, keepStopped };
  const make = manager === "apt" ? installWithApt(installation) : installWithDnf(installation);
  // Nothing that runs has to notice a hold.
  return { state: "different", changes: [first, ...rest], make, quiet: install.length === 0 };
}

const same = { state: "same" } as const;

function foreignHolds(names: readonly string[]): string {
  return `${names.join(", ")} ${names.length === 1 ? "is" : "are"} held by somebody else, and will stay so`;
}

/** Where systemd keeps what is masked until reboot: a link to /dev/null, so neither a file nor a folder. */
function maskRead(unit: string): Read {
  return { kind: "stat", path: `/run/systemd/system/${unit}` };
}

function isMask(answer: Answer): boolean {
  return answer.kind === "stat" && answer.type === "other";
}

/** "name-" and "name+" are commands to apt, and a leading dash is an option. */
function refuseOddName(name: string, version: string | undefined): void {
  const nameIsFine = /^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(name) && !name.endsWith("-");
  const versionIsFine = version === undefined || /^[A-Za-z0-9][A-Za-z0-9.+:~^_-]*$/.test(version);
  if (nameIsFine && versionIsFine) return;
  throw new ProblemError({
    code: "package/bad-name",
    severity: "error",
    message: `${JSON.stringify(version === undefined ? name : `${name}=${version}`)} cannot be a package`,
    because:
      "a package name has letters, digits and + . _ - only, starts with a letter or digit and does not end with -",
    hint: { text: "Correct the name in the cluster file" },
  });
}

function noManager(manager: PackageManager, names: readonly string[]): ProblemError {
  const database = manager === "apt" ? "dpkg" : "rpm";
  return new ProblemError({
    code: "package/no-package-manager",
    severity: "error",
    message: `packages cannot be looked up: ${names.join(", ")}`,
    because: `the host's distribution uses ${database}, and there is no ${database} on it`,
    hint: { text: "Look at the host", command: `command -v ${database}` },
  });
}
