import { describe, expect, test } from "vitest";
import { engineRig } from "../../../test/support/engine-rig.ts";
import { debian12, fakeLinux, rocky9 } from "../../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleHost, sampleSpec } from "../../../test/support/sample-spec.ts";
import type { HostStep } from "../../engine/step.ts";
import { planReads } from "../../hosts/read-batch.ts";
import { containerdSteps } from "../containerd/containerd-steps.ts";
import { osSteps } from "./os-steps.ts";

const hosts = [sampleHost("cp-1", "10.0.0.11", ["control-plane", "etcd"])];
const own = sampleSpec({ hosts });
const pinned = sampleSpec({ hosts, runtime: { ...own.runtime, package: "containerd.io" } });
const repository = {
  chrony: { units: ["chrony.service", "chronyd.service"] },
  containerd: { version: "1.7.24-0ubuntu1", units: ["containerd.service"] },
  "containerd.io": { version: "2.1.4-1.el9", units: ["containerd.service"] },
} as const;

/** The programs a plan of a host that is as declared starts there, a list for each round trip. */
async function processesOf(steps: readonly HostStep[], osRelease: string): Promise<readonly (readonly string[])[]> {
  const rig = engineRig(["cp-1"], { base: fakeLinux({ repository, osRelease }) });
  for (const step of steps) {
    const check = await step.check(lookAt(rig.hosts, "cp-1"));
    if (check.state === "needed") await step.apply(actOn(rig.hosts, "cp-1"), check.found);
  }
  const trips: (readonly string[])[] = [];
  rig.hosts.onOperation = (operation) => {
    if (operation.kind !== "read") throw new Error("a plan changes nothing");
    trips.push(planReads("cp-1", operation.reads, 1000).commands.map(({ shown }) => shown));
  };
  const plan = await rig.plan(steps);
  expect(plan.steps.filter((one) => one.state !== "satisfied")).toEqual([]);
  return trips.map((trip) => trip.map(programOf));
}

/** "stat", "read /etc/fstab", "systemctl". */
function programOf(shown: string): string {
  const words = shown.split(" ");
  if (words[0] === "read") return shown;
  return words.find((word) => word !== "env" && !word.includes("=")) ?? "";
}

describe("a plan of a host that is as declared starts as few processes there as can be", () => {
  const on = (steps: readonly { readonly on: string }[]) => steps.filter((one) => one.on === "cp-1") as HostStep[];

  test("for the baseline of Debian", async () => {
    expect(await processesOf(on(osSteps(own)), debian12)).toEqual([
      ["grep"],
      ["stat", "sha256sum", "dpkg-query", "systemctl", "grep", "date"],
    ]);
  });

  test("for the baseline of Rocky", async () => {
    expect(await processesOf(on(osSteps(own)), rocky9)).toEqual([
      ["grep"],
      ["stat", "sha256sum", "grep", "rpm", "systemctl", "date"],
    ]);
  });

  test("for the baseline and containerd of Debian", async () => {
    expect(await processesOf(on([...osSteps(own), ...containerdSteps(own)]), debian12)).toEqual([
      ["grep", "systemctl", "stat", "ctr"],
      ["stat", "sha256sum", "dpkg-query", "systemctl", "grep", "date", "containerd", "grep"],
    ]);
  });

  test("for the baseline and a pinned containerd of Rocky", async () => {
    expect(await processesOf(on([...osSteps(pinned), ...containerdSteps(pinned)]), rocky9)).toEqual([
      ["grep", "systemctl", "stat", "ctr"],
      ["stat", "sha256sum", "grep", "rpm", "systemctl", "date", "containerd", "grep"],
    ]);
  });
});
