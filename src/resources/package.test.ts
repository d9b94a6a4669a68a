import { describe, expect, test } from "vitest";
import type { FakeCall, FakeResult } from "../../test/support/fake-host-script.ts";
import { fakeHosts } from "../../test/support/fake-hosts.ts";
import { actOn, lookAt } from "../../test/support/host-look.ts";
import type { StepId } from "../engine/step.ts";
import type { HostName } from "../hosts/port.ts";
import { type PackageManager, type PackagesOptions, type PackageWanted, packages } from "./package.ts";
import { hostStateStep } from "./resource-group.ts";

interface Script {
  readonly manager?: PackageManager;
  readonly installed?: string;
  readonly listsModifiedAt?: number;
  /** Answers of apt-get install, one per try; the last one stays. */
  readonly installs?: readonly FakeResult[];
  readonly update?: FakeResult;
  readonly options?: PackagesOptions;
  /** Content of dnf's versionlock.list. */
  readonly locks?: string;
  /** Packages Slipway has noted that it holds, with the version it held. */
  readonly ourHolds?: Readonly<Record<string, string>>;
  /** Units masked until reboot. */
  readonly masked?: readonly string[];
}

const now = 1_800_000_000;
const failed = { exitCode: 100, stderr: "E: Unable to locate package jq" };

function machine(wanted: readonly PackageWanted[], script: Script = {}) {
  let tries = 0;
  const env = ({ argv }: FakeCall): FakeResult => {
    if (argv.includes("update")) return script.update ?? "";
    if (argv.includes("install")) {
      const installs = script.installs ?? [""];
      tries += 1;
      return installs[Math.min(tries, installs.length) - 1] ?? "";
    }
    return argv.includes("rpm") ? (script.installed ?? "") : "";
  };
  const hosts = fakeHosts({
    hosts: ["a"],
    base: {
      files: {
        "/proc/uptime": "100.00 1.00\n",
        ...Object.fromEntries(
          (script.masked ?? []).map((unit) => [`/run/systemd/system/${unit}`, { type: "other" } as const]),
        ),
        ...Object.fromEntries(
          Object.entries(script.ourHolds ?? {}).map(([name, version]) => [`/var/lib/slipway/holds/${name}`, version]),
        ),
        "/etc/dnf/plugins/versionlock.list": script.locks ?? "",
        "/var/lib/apt/lists": { type: "directory", modifiedAt: script.listsModifiedAt ?? now - 60 },
      },
      runs: [
        { argv: ["dpkg-query"], answer: { exitCode: 1, stdout: script.installed ?? "" } },
        { argv: ["date"], answer: `${now}.0\n` },
        { argv: ["env"], answer: env },
        { argv: ["apt-mark"], answer: "" },
        { argv: ["systemctl"], answer: "" },
      ],
    },
  });
  const step = hostStateStep({
    id: "thing.install/a" as StepId,
    title: "Install thing",
    phase: "baseline",
    on: "a" as HostName,
    after: [],
    resources: [packages(wanted, script.manager ?? "apt", script.options)],
  });
  const check = () => step.check(lookAt(hosts, "a"));
  // The fake's package database does not learn; only the first pass is of interest.
  const apply = async () => {
    const found = await check();
    if (found.state !== "needed") return [];
    const [comparison] = found.found.comparisons;
    if (comparison?.state !== "different" || typeof comparison.make !== "function") throw new Error("nothing to make");
    await comparison.make(actOn(hosts, "a"));
    return shortly(
      hosts.host("a").changes.map((one) => (one.kind === "run" ? one.argv.join(" ") : `${one.kind} ${one.path}`)),
    );
  };
  return { check, apply, commands: () => shortly(hosts.host("a").commands()) };
}

/** Without the long list of options every apt-get gets. */
function shortly(commands: readonly string[]): string[] {
  return commands.map((one) =>
    one.replace(/^env .* (dpkg|apt-get|dnf) (.* )?(install|update|versionlock|--configure)/, "$1 $3"),
  );
}

describe("packages", () => {
  test("that are there, in whatever version, are as declared", async () => {
    expect(await machine(["jq"], { installed: "jq\t1.6-2\tii \n" }).check()).toMatchObject({ state: "satisfied" });
  });

  test("are installed in one transaction", async () => {
    const at = machine(["jq", "curl", "tar"], { installed: "tar\t1.34\tii \n" });
    expect(await at.apply()).toEqual(["apt-get install -- jq curl"]);
  });

  test("are named one by one in the plan", async () => {
    const at = machine(["jq", { name: "containerd", version: "1.6.20" }], { installed: "containerd\t1.6.8\tii \n" });
    expect(await at.check()).toMatchObject({
      changes: [
        { verb: "create", what: "package jq" },
        { verb: "update", what: "package containerd", from: "1.6.8", to: "1.6.20" },
      ],
    });
  });

  test("with a version are installed in it and held", async () => {
    const at = machine([{ name: "containerd", version: "1.6.20~ds1" }]);
    expect(await at.apply()).toEqual([
      "apt-get install -- containerd=1.6.20~ds1",
      "write /var/lib/slipway/holds/containerd",
      "apt-mark hold -- containerd",
    ]);
  });

  test("with the right version that are not held are only held", async () => {
    const at = machine([{ name: "containerd", version: "1.6.20" }], { installed: "containerd\t1.6.20\tii \n" });
    expect(await at.apply()).toEqual(["write /var/lib/slipway/holds/containerd", "apt-mark hold -- containerd"]);
  });

  test("that were held for a version the cluster file no longer names are held no more", async () => {
    const held = { installed: "containerd\t1.6.20\thi \n", ourHolds: { containerd: "1.6.20\n" } };
    const at = machine(["containerd"], held);
    expect(await at.check()).toMatchObject({
      changes: [
        {
          what: "package containerd",
          from: "held",
          to: "not held",
          because: "the cluster file no longer pins its version",
        },
      ],
    });
    expect(await at.apply()).toEqual(["apt-mark unhold -- containerd", "remove /var/lib/slipway/holds/containerd"]);
  });

  test.each([
    ["by nobody we know", {}],
    ["anew by somebody, in another version than the one Slipway had held", { containerd: "1.6.8\n" }],
  ])("held %s stay held", async (_, ourHolds) => {
    const at = machine(["containerd"], { installed: "containerd\t1.6.20\thi \n", ourHolds });
    expect(await at.check()).toMatchObject({
      state: "satisfied",
      because: "package containerd is as declared; containerd is held by somebody else, and will stay so",
    });
  });

  test.each<[whose: string, ourHolds: Readonly<Record<string, string>>, because: string]>([
    ["Slipway", { containerd: "1.6.20\n" }, "package containerd is as declared"],
    [
      "somebody else, which is said",
      {},
      "package containerd is as declared; containerd is held by somebody else, and will stay so",
    ],
  ])("with the right version that are held by %s are as declared", async (_whose, ourHolds, because) => {
    const at = machine([{ name: "containerd", version: "1.6.20" }], {
      installed: "containerd\t1.6.20\thi \n",
      ourHolds,
    });
    expect(await at.check()).toMatchObject({ state: "satisfied", because });
  });

  test("are locked in their version by dnf, and only Slipway's own lock is taken away", async () => {
    const installed = "containerd.io\t2.1.4-1.el9\n";
    const locks = "containerd.io-0:2.1.4-1.el9.*\n";
    const pinned = machine([{ name: "containerd.io", version: "2.1.4-1.el9" }], { manager: "dnf", installed });
    expect(await pinned.apply()).toEqual([
      "dnf install -- python3-dnf-plugin-versionlock",
      "write /var/lib/slipway/holds/containerd.io",
      "dnf versionlock delete containerd.io",
      "dnf versionlock add containerd.io-2.1.4-1.el9",
    ]);
    const ourHolds = { "containerd.io": "2.1.4-1.el9" };
    expect(await machine(["containerd.io"], { manager: "dnf", installed, locks, ourHolds }).apply()).toEqual([
      "dnf versionlock delete containerd.io",
      "remove /var/lib/slipway/holds/containerd.io",
    ]);
    const others = machine(["containerd.io"], { manager: "dnf", installed, locks });
    expect(await others.check()).toMatchObject({ state: "satisfied" });
  });

  test("whose installation was interrupted are installed again", async () => {
    const at = machine(["jq"], { installed: "jq\t1.6-2\tiU \n" });
    expect(await at.check()).toMatchObject({ changes: [{ because: "its installation was interrupted" }] });
  });

  test("old package lists are refreshed first", async () => {
    const at = machine(["jq"], { listsModifiedAt: now - 2 * 24 * 3600 });
    expect(await at.apply()).toEqual(["apt-get update", "apt-get install -- jq"]);
  });

  test("a package that is not found is looked for in fresh lists", async () => {
    const at = machine(["jq"], { installs: [failed, ""] });
    expect(await at.apply()).toEqual(["apt-get install -- jq", "apt-get update", "apt-get install -- jq"]);
  });

  test("a package that is not found even then fails with apt's own words", async () => {
    const at = machine(["jq"], { installs: [failed] });
    await expect(at.apply()).rejects.toMatchObject({
      problems: [{ evidence: { exitCode: 100, lastLines: ["E: Unable to locate package jq"] } }],
    });
  });

  test("lists that cannot be refreshed are no failure when the package is there all the same", async () => {
    const at = machine(["jq"], { listsModifiedAt: 0, update: { exitCode: 100, stderr: "E: no network" } });
    expect(await at.apply()).toEqual(["apt-get update", "apt-get install -- jq"]);
  });

  test("an interrupted dpkg is finished, then the installation tried again", async () => {
    const interrupted = {
      exitCode: 100,
      stderr: "E: dpkg was interrupted, you must manually run 'dpkg --configure -a'",
    };
    const at = machine(["jq"], { installs: [interrupted, ""] });
    expect(await at.apply()).toEqual(["apt-get install -- jq", "dpkg --configure -a", "apt-get install -- jq"]);
  });

  test("units that must not start with default settings are masked until the installation is over", async () => {
    const at = machine(["etcd-server"], { options: { keepStopped: ["etcd.service"] } });
    expect(await at.apply()).toEqual([
      "systemctl mask --runtime -- etcd.service",
      "apt-get install -- etcd-server",
      "systemctl unmask --runtime -- etcd.service",
    ]);
  });

  test("a mask that an interrupted run left is taken away, and nothing is installed again", async () => {
    const installed = "etcd-server\t3.4.23\tii \n";
    const options = { keepStopped: ["etcd.service"] };
    const at = machine(["etcd-server"], { installed, options, masked: ["etcd.service"] });
    expect(await at.apply()).toEqual(["systemctl unmask --runtime -- etcd.service"]);
    expect(await machine(["etcd-server"], { installed, options }).check()).toMatchObject({ state: "satisfied" });
  });

  test.each(["", "-y", "jq-", "jq; reboot", "a b", "jq\nevil", "$(id)"])("refuses %j as a name", (name) => {
    expect(() => packages([name], "apt")).toThrow("package/bad-name");
  });
});
