import { describe, expect, test } from "vitest";
import { fakeHosts } from "../../test/support/fake-hosts.ts";
import { lookAt } from "../../test/support/host-look.ts";
import type { StepId } from "../engine/step.ts";
import type { HostName } from "../hosts/port.ts";
import { hostStateStep } from "./resource-group.ts";
import { swapOff } from "./swap.ts";

const header = "Filename\tType\tSize\tUsed\tPriority\n";

async function planned(swaps: string, fstab: string | undefined, units = "") {
  const files = { "/proc/swaps": header + swaps, ...(fstab === undefined ? {} : { "/etc/fstab": fstab }) };
  const hosts = fakeHosts({ hosts: { a: { files, runs: [{ argv: ["env"], answer: units }] } } });
  const step = hostStateStep({
    id: "swap.off/a" as StepId,
    title: "Switch swap off",
    phase: "baseline",
    on: "a" as HostName,
    after: [],
    resources: [swapOff],
  });
  const check = await step.check(lookAt(hosts, "a"));
  const comparison = check.state === "needed" ? check.found.comparisons[0] : undefined;
  return { check, make: comparison?.state === "different" ? comparison.make : [] };
}

const unit = (id: string, source: string) =>
  `Id=${id}\nNames=${id}\nLoadState=loaded\nActiveState=active\nSubState=active\nSourcePath=${source}\n`;

describe("swap", () => {
  test("that is off, and stays off, is as declared", async () => {
    const { check } = await planned("", "# /dev/sda2 none swap sw 0 0\n/dev/sda1 / ext4 defaults 0 1\n");
    expect(check).toMatchObject({ state: "satisfied" });
  });

  test("is off on a host without fstab", async () => {
    expect((await planned("", undefined)).check).toMatchObject({ state: "satisfied" });
  });

  test("of fstab is switched off and commented out; its unit goes with the line", async () => {
    const { make } = await planned(
      "/dev/sda2 partition 100 0 -2\n",
      "/dev/sda2\tnone\tswap\tsw\t0\t0\n",
      unit("dev-sda2.swap", "/etc/fstab"),
    );
    expect(make).toMatchObject([
      { argv: ["swapoff", "-a"] },
      { kind: "write", path: "/etc/fstab", content: "# /dev/sda2\tnone\tswap\tsw\t0\t0\n", mode: 0o644 },
    ]);
  });

  test("in memory, from a generator, is masked so that it does not come back", async () => {
    const { check, make } = await planned(
      "/dev/zram0 partition 100 0 100\n",
      "",
      unit("dev-zram0.swap", "/usr/lib/systemd/zram-generator.conf"),
    );
    expect(check).toMatchObject({ changes: [{ what: "swap /dev/zram0" }, { what: "service dev-zram0.swap" }] });
    expect(make).toMatchObject([{}, { argv: ["systemctl", "mask", "--now", "--", "dev-zram0.swap"] }]);
  });
});
