import type { Fact } from "./fact.ts";
import { isCommandMissing, jsonOf, notUnderstood } from "./not-understood.ts";

/** A disk, partition or volume. */
export interface BlockDevice {
  /** Name in /dev or /dev/mapper: "sda1", "nvme0n1p2", "vg-etcd". */
  readonly name: string;
  /** The kernel's name: "sda1", "dm-0". */
  readonly kernelName: string;
  readonly type: string;
  /** What the device says of itself; virtual disks often say true whatever is below them. */
  readonly isRotational: boolean;
  readonly sizeBytes: number;
}

const argv = ["lsblk", "-J", "-b", "-l", "-o", "NAME,KNAME,TYPE,ROTA,SIZE"] as const;
const asked = argv.join(" ");

/** The block devices of a host. Undefined when lsblk is missing or there is no /sys/block to list (a container). */
export const blockDevices: Fact<readonly BlockDevice[] | undefined> = {
  name: "block-devices",
  reads: [{ kind: "run", argv }],
  parse: ([answer]) => {
    if (isCommandMissing(answer)) return undefined;
    // lsblk ends with 1 and says so when the kernel shows it no device tree, and with 32 when it shows no device.
    if (answer?.kind === "result" && [1, 32].includes(answer.exitCode) && answer.stdout.length === 0) return undefined;
    const report = jsonOf("block-devices", asked, answer) as { readonly blockdevices?: unknown } | undefined;
    const rows = report?.blockdevices;
    if (!Array.isArray(rows)) throw notUnderstood("block-devices", asked, answer, "it has no list of devices");
    return rows.map((row) => {
      const { name, kname, type, rota, size } = row as Record<string, unknown>;
      if (typeof name !== "string" || typeof kname !== "string") {
        throw notUnderstood("block-devices", asked, answer, "a device has no name");
      }
      return {
        name,
        kernelName: kname,
        type: String(type),
        // util-linux before 2.33 (RHEL 8) writes every value as a string.
        isRotational: rota === true || rota === "1",
        sizeBytes: Number(size ?? 0),
      };
    });
  },
};
