import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { PlannedStep } from "../../src/engine/plan.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { differences, type EndState, readEndState } from "./end-state.ts";
import { seededFraction } from "./seeded.ts";
import { type Ended, makeWorkFolder, type WorkFolder } from "./work-folder.ts";

/** What the machines are before an apply: as they were installed, or with all packages and nothing configured. */
export type Start = "bare" | "packages";

/** An apply that nobody disturbed. */
export interface Reference {
  readonly durationMs: number;
  readonly state: EndState;
}

export interface Round {
  readonly seed: number;
  readonly start: Start;
  readonly killAfterMs: number;
  /** "ended": the apply was faster than its killer. */
  readonly first: "killed" | "ended";
  /** Titles of nothing: ids of the steps that were under way. */
  readonly inFlight: readonly string[];
  readonly secondMs: number;
  /** Whatever is not as it should be; empty is a pass. */
  readonly wrong: readonly string[];
}

/** A lab whose machines can be put back to a start, and what an apply there is compared with. */
export interface Campaign {
  /** Applies without disturbance, and reads what that leaves. Throws when it does not work. */
  reference(start: Start): Promise<Reference>;
  /** Saves machines with all packages of a finished apply and none of its files, as start "packages". */
  savePackages(reference: Reference): Promise<void>;
  round(seed: number, start: Start, reference: Reference, durationMs: number): Promise<Round>;
}

/** Longest wait for what a machine does by itself after the last apply (a virtual IP that moves, a timer). */
const settlesWithinMs = 15_000;

/** Saves the machines as they are now as "bare". `folder` is for what Slipway writes; `virtualIp` is its only one. */
export async function startCampaign(
  lab: Lab,
  options: { readonly clusterFile: string; readonly virtualIp: string | undefined; readonly folder: string },
): Promise<Campaign> {
  const names = lab.machines.map(({ name }) => name);
  const everywhere = async (work: (machine: string) => Promise<unknown>) => {
    await Promise.all(names.map(work));
  };
  let count = 0;

  async function freshFolder(start: Start, label: string): Promise<WorkFolder> {
    await everywhere(async (machine) => {
      await lab.powerOff(machine);
      await lab.restoreDisk(machine, start);
      await lab.powerOn(machine);
    });
    count += 1;
    return await makeWorkFolder(join(options.folder, `${count}-${label}`), lab, options.clusterFile);
  }

  /** What is different, after giving the machines a moment for what they do by themselves. */
  async function compare(folder: WorkFolder, wanted: EndState): Promise<readonly string[]> {
    const deadline = Date.now() + settlesWithinMs;
    for (;;) {
      const found = differences(wanted, await readEndState(lab, options.virtualIp, folder));
      if (found.length === 0 || Date.now() > deadline) return found;
      await pause(2000);
    }
  }

  await everywhere(async (machine) => {
    await lab.powerOff(machine);
    await lab.saveDisk(machine, "bare");
  });

  return {
    async reference(start) {
      const folder = await freshFolder(start, `reference-${start}`);
      const applied = await folder.slipway(["apply", "--yes"]);
      const wrong = [...failureOf(applied), ...(await whatIsPlanned(folder))];
      if (wrong.length > 0) throw new Error(`an apply that nobody disturbed: ${wrong.join("\n")}`);
      return { durationMs: applied.durationMs, state: await readEndState(lab, options.virtualIp, folder) };
    },

    async savePackages(reference) {
      await everywhere(async (machine) => {
        await lab.powerOff(machine);
        await lab.restoreDisk(machine, "bare");
        await lab.powerOn(machine);
        const there = await lab.exec(machine, ["dpkg-query", "-W", "-f", `\${Package}\n`]);
        const before = new Set(there.stdout.split("\n"));
        const wanted = [...(reference.state.get(machine) ?? [])]
          .filter(([what]) => what.startsWith("package "))
          .map(([what]) => what.slice("package ".length))
          .filter((name) => !before.has(name));
        await lab.exec(machine, ["sh", "-c", installProgram, "install", ...wanted], { timeoutMs: 600_000 });
        await lab.shutDown(machine);
        await lab.saveDisk(machine, "packages");
      });
    },

    async round(seed, start, reference, durationMs) {
      const folder = await freshFolder(start, `seed-${seed}`);
      const killAfterMs = Math.round(seededFraction(seed) * durationMs);
      const first = await folder.slipway(["apply", "--yes"], killAfterMs);
      const killed = first.exitCode === null;
      const interrupted = (await folder.runs()).at(-1);
      const second = await folder.slipway(["apply", "--yes"]);
      const wrong = [
        ...(killed ? [] : failureOf(first)),
        ...failureOf(second),
        ...(await whatIsPlanned(folder)),
        ...(await compare(folder, reference.state)),
      ];
      const inFlight = killed ? (interrupted?.inFlight ?? []) : [];
      const how = killed ? "killed" : "ended";
      return { seed, start, killAfterMs, first: how, inFlight, secondMs: Math.round(second.durationMs), wrong };
    },
  };
}

/** Services must not make data of their own from the distribution's default configuration before Slipway comes. */
const installProgram = `
set -eu
printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get -q -y update
apt-get -q -y --no-install-recommends install -- "$@"
rm /usr/sbin/policy-rc.d
for unit in etcd haproxy keepalived; do systemctl disable "$unit.service" || :; done
`;

/** What went wrong with a command of Slipway, on one line; nothing when it ended well. */
export function failureOf(ended: Ended): readonly string[] {
  if (ended.exitCode === 0) return [];
  const lines = `${ended.stdout}\n${ended.stderr}`.split("\n").filter((line) => line.trim() !== "");
  return [`slipway ended with exit code ${ended.exitCode}: ${lines.slice(-25).join("\n    ")}`];
}

/** What a plan would do, and whom it does not reach; nothing right after an apply. */
export async function whatIsPlanned(folder: WorkFolder): Promise<readonly string[]> {
  const { steps, unreachable } = await folder.plan();
  return [
    ...steps
      .filter(({ state }) => state !== "satisfied")
      .map((step) => `plan: ${step.id} is ${step.state}: ${whyOf(step)}`),
    ...unreachable.map(({ host }) => `plan: ${host} is unreachable`),
  ];
}

function whyOf(step: PlannedStep): string {
  if (step.state === "needed") return step.changes.map(({ verb, what }) => `${verb} ${what}`).join(", ");
  return step.state === "refused" ? step.problem.message : step.because;
}
