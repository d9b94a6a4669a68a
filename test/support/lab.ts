import { randomBytes, randomInt } from "node:crypto";
import { beforeEach } from "vitest";
import type { Lab } from "../../src/lab/lab.ts";
import { labDown, reapLabs } from "../../src/lab/lab-down.ts";
import { labUp } from "../../src/lab/lab-up.ts";
import { labRequirements } from "../../src/lab/requirements.ts";
import { ProblemError } from "../../src/problems/problem.ts";

/** A lab of a test; `await using` removes it, and if the test is killed, the next lab test does. */
export interface TestLab extends Lab, AsyncDisposable {
  /** An address of the lab's network that no machine has: 2 to 99 are free for the test. */
  freeAddress(last: number): string;
}

export interface TestLabOptions {
  /** Names of the machines. */
  readonly machines: readonly string[];
  /** Start of the lab's name; a random part is added. Default "test". */
  readonly name?: string;
  readonly disks?: readonly string[];
  readonly knownHostsFile?: string;
}

/** Why this computer cannot run a lab of so many machines, on one line; undefined when it can. */
export async function labSkipReason(machines: number): Promise<string | undefined> {
  const problems = await labRequirements({ machines });
  if (problems.length === 0) return undefined;
  return problems.map(({ message, because }) => `${message} (${because ?? "no more is known"})`).join("; ");
}

/** Skips every test of the file or `describe` it is called in, with the reason, where no lab of that size can run. */
export function needsLab(machines: number): void {
  let reason: Promise<string | undefined> | undefined;
  beforeEach(async (context) => {
    reason ??= labSkipReason(machines);
    const because = await reason;
    context.skip(because !== undefined, because);
  });
}

function subnetTaken(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.code === "lab/subnet-in-use";
}

/** Boots real machines for one test, in a network of 198.18.0.0/15 (for benchmarks, RFC 2544) that nobody else uses. */
export async function testLab(options: TestLabOptions): Promise<TestLab> {
  await reapLabs();
  const name = `${options.name ?? "test"}-${randomBytes(3).toString("hex")}`;
  for (let attempt = 1; ; attempt++) {
    const network = `198.${18 + randomInt(2)}.${randomInt(256)}`;
    const machines = options.machines.map((machine, place) => ({
      name: machine,
      address: `${network}.${100 + place}`,
    }));
    const { disks, knownHostsFile } = options;
    try {
      const lab = await labUp({
        name,
        machines,
        ephemeral: true,
        ...(disks === undefined ? {} : { disks }),
        ...(knownHostsFile === undefined ? {} : { knownHostsFile }),
      });
      const dispose = async () => {
        await labDown({ name });
      };
      return { ...lab, freeAddress: (last) => `${network}.${last}`, [Symbol.asyncDispose]: dispose };
    } catch (error) {
      if (attempt === 5 || !subnetTaken(error)) throw error;
    }
  }
}
