import { labDirectory } from "./lab-paths.ts";
import { allLabRecords, type LabMachine } from "./lab-record.ts";
import { initOf } from "./machine.ts";
import { isAlive } from "./process-identity.ts";

/** A lab of this computer, for a listing. */
export interface LabSummary {
  readonly name: string;
  /** "broken": a run that made or removed it was cut off; `slipway lab up` or `down` puts it right. */
  readonly state: "up" | "partly-up" | "off" | "changing" | "broken";
  readonly subnet: string;
  readonly machines: readonly (LabMachine & { readonly on: boolean })[];
  readonly createdAt: string;
  readonly ephemeral: boolean;
  readonly directory: string;
}

/** All labs of this computer, by name. Needs no root to list names, but does to tell which machines are on. */
export async function labList(): Promise<readonly LabSummary[]> {
  return await Promise.all(
    (await allLabRecords()).map(async (lab): Promise<LabSummary> => {
      const machines = await Promise.all(
        lab.machines.map(async (machine) => ({ ...machine, on: (await initOf(lab, machine.name)) !== undefined })),
      );
      const on = machines.filter((machine) => machine.on).length;
      const settled = on === machines.length ? "up" : on === 0 ? "off" : "partly-up";
      const changing = (await isAlive(lab.owner)) ? "changing" : "broken";
      return {
        name: lab.name,
        state: lab.phase === "up" ? settled : changing,
        subnet: lab.subnet,
        machines,
        createdAt: lab.createdAt,
        ephemeral: lab.ephemeral,
        directory: labDirectory(lab.name),
      };
    }),
  );
}
