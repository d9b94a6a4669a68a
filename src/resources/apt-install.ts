import type { HostAct } from "../engine/step.ts";
import { aptListsAgeSeconds } from "../facts/apt-lists.ts";
import type { CommandResult, HostChange } from "../hosts/port.ts";
import { forgetHold, noteHold } from "./held-by-us.ts";
import type { Installation } from "./package.ts";

/** Package lists older than this are refreshed before anything is installed: their versions may be gone from the mirror. */
const listsAreOldAfterSeconds = 24 * 3600;
const updateWithinMs = 5 * 60_000;
const installWithinMs = 15 * 60_000;
/** Another apt (unattended-upgrades, or one a broken connection left behind) may hold the lock that long. */
const lockSeconds = 300;
/** apt-get's exit code for every failure. https://manpages.debian.org/apt-get (2025-11-20) */
const aptFailed = 100;

const quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "UCF_FORCE_CONFFOLD=1", "NEEDRESTART_MODE=l", "LC_ALL=C.UTF-8"];
const apt = [...quiet, "apt-get", "-q", "-y", "-o", `DPkg::Lock::Timeout=${lockSeconds}`];
// A configuration file that was written before its package came stays as it is.
const keepOurFiles = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"];

/** `apt-get update`, which apt needs after its sources changed. */
export const aptUpdate: HostChange & { readonly kind: "run" } = {
  kind: "run",
  argv: [...apt, "update"],
  timeoutMs: updateWithinMs,
};

/** Installs in one transaction, mending an interrupted one first, and refreshing the package lists only if needed. */
export function installWithApt(what: Installation): (act: HostAct) => Promise<void> {
  return async (act) => {
    const masking = what.keepStopped.length > 0;
    if (masking && what.install.length > 0) await act.change(systemctl("mask", what.keepStopped));
    if (what.install.length > 0) await install(act, what);
    for (const { name, version } of what.hold) await act.change(noteHold(name, version));
    if (what.hold.length > 0) {
      await act.change({ kind: "run", argv: ["apt-mark", "hold", "--", ...what.hold.map((one) => one.name)] });
    }
    if (what.unhold.length > 0) {
      await act.change({ kind: "run", argv: ["apt-mark", "unhold", "--", ...what.unhold] });
    }
    for (const name of what.unhold) await act.change(forgetHold(name));
    if (masking) await act.change(systemctl("unmask", what.keepStopped));
  };
}

async function install(act: HostAct, what: Installation): Promise<void> {
  const pinned = what.install.some((one) => one.version !== undefined);
  const names = what.install.map((one) => (one.version === undefined ? one.name : `${one.name}=${one.version}`));
  const run: HostChange & { readonly kind: "run" } = {
    kind: "run",
    argv: [
      ...apt,
      ...keepOurFiles,
      "--no-install-recommends",
      ...(pinned ? ["--allow-downgrades", "--allow-change-held-packages"] : []),
      "install",
      "--",
      ...names,
    ],
    timeoutMs: installWithinMs,
  };
  const tolerant: HostChange = { ...run, okExitCodes: [0, aptFailed] };

  const age = await act.fact(aptListsAgeSeconds);
  let refreshed = false;
  if (age === undefined || age > listsAreOldAfterSeconds) {
    await refresh(act);
    refreshed = true;
  }
  let result = await act.change(tolerant);
  if (result.exitCode !== 0 && wasInterrupted(result)) {
    act.say("finishing an installation that was interrupted");
    await act.change({
      kind: "run",
      argv: [...quiet, "dpkg", "--force-confdef", "--force-confold", "--configure", "-a"],
      timeoutMs: installWithinMs,
    });
    result = await act.change(tolerant);
  }
  if (result.exitCode === 0) return;
  if (!refreshed) await refresh(act);
  // The last try fails with apt's own words as evidence.
  await act.change(run);
}

/** A mirror that does not answer is no failure yet: the lists that are there may do. */
async function refresh(act: HostAct): Promise<void> {
  const result = await act.change({ ...aptUpdate, okExitCodes: [0, aptFailed] });
  if (result.exitCode === 0) return;
  const lines = result.stderr.toString("utf8").trim().split("\n");
  act.say(`package lists could not be refreshed: ${lines.at(-1) ?? "no reason given"}`);
}

function wasInterrupted(result: CommandResult): boolean {
  return /dpkg was interrupted/.test(result.stderr.toString("utf8"));
}

function systemctl(verb: "mask" | "unmask", units: readonly string[]): HostChange {
  return { kind: "run", argv: ["systemctl", verb, "--runtime", "--", ...units] };
}
