import type { HostAct } from "../engine/step.ts";
import type { HostChange } from "../hosts/port.ts";
import { forgetHold, noteHold } from "./held-by-us.ts";
import type { Installation, PinnedPackage } from "./package.ts";

const installWithinMs = 15 * 60_000;
const dnf = ["env", "LC_ALL=C.UTF-8", "dnf", "-q", "-y", "--setopt=install_weak_deps=False"];
/** Brings `dnf versionlock`. https://dnf-plugins-core.readthedocs.io/en/latest/versionlock.html (2025-11-20) */
const lockPlugin = "python3-dnf-plugin-versionlock";

/** Installs in one transaction; dnf refreshes its metadata and waits for its lock by itself. */
export function installWithDnf(what: Installation): (act: HostAct) => Promise<void> {
  return async (act) => {
    const masking = what.keepStopped.length > 0;
    if (masking && what.install.length > 0) await act.change(systemctl("mask", what.keepStopped));
    const names = what.install.map(withVersion);
    if (what.hold.length > 0) names.push(lockPlugin);
    if (names.length > 0) {
      await act.change({ kind: "run", argv: [...dnf, "install", "--", ...names], timeoutMs: installWithinMs });
    }
    for (const { name, version } of what.hold) await act.change(noteHold(name, version));
    if (what.hold.length > 0) {
      // A lock of another version would keep the wanted one out.
      const held = what.hold.map((one) => one.name);
      await act.change({ kind: "run", argv: [...dnf, "versionlock", "delete", ...held], okExitCodes: [0, 1] });
      await act.change({ kind: "run", argv: [...dnf, "versionlock", "add", ...what.hold.map(withVersion)] });
    }
    if (what.unhold.length > 0) {
      await act.change({ kind: "run", argv: [...dnf, "versionlock", "delete", ...what.unhold] });
    }
    for (const name of what.unhold) await act.change(forgetHold(name));
    if (masking) await act.change(systemctl("unmask", what.keepStopped));
  };
}

function withVersion(one: PinnedPackage): string {
  return one.version === undefined ? one.name : `${one.name}-${one.version}`;
}

function systemctl(verb: "mask" | "unmask", units: readonly string[]): HostChange {
  return { kind: "run", argv: ["systemctl", verb, "--runtime", "--", ...units] };
}
