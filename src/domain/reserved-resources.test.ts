import { describe, expect, test } from "vitest";
import { reservedBySize } from "./reserved-resources.ts";

const gibibyte = 2 ** 30;
const of = (processors: number, memoryGib: number, diskGib = 100) =>
  reservedBySize({ processors, memoryBytes: memoryGib * gibibyte, kubeletDiskBytes: diskGib * gibibyte });

describe("reservedBySize", () => {
  test.each([
    [1, 2, 20, { cpu: "30m", memory: "256Mi", "ephemeral-storage": "1024Mi" }],
    [2, 4, 50, { cpu: "35m", memory: "512Mi", "ephemeral-storage": "2560Mi" }],
    [4, 8, 100, { cpu: "40m", memory: "922Mi", "ephemeral-storage": "5120Mi" }],
    [8, 16, 200, { cpu: "45m", memory: "1332Mi", "ephemeral-storage": "5120Mi" }],
    [16, 64, 500, { cpu: "55m", memory: "2806Mi", "ephemeral-storage": "5120Mi" }],
    [96, 384, 2000, { cpu: "155m", memory: "7394Mi", "ephemeral-storage": "5120Mi" }],
  ])(
    "keeps of %i processors and %i GiB, with %i GiB of disk, half of the published table",
    (cpus, memory, disk, kept) => {
      expect(of(cpus, memory, disk)).toEqual(kept);
    },
  );

  test("keeps 255 MiB in all of a host with less than 1 GiB", () => {
    expect(of(1, 0.5).memory).toBe("128Mi");
  });

  test("keeps the same of a host whose kernel takes a little more memory for itself", () => {
    const full = reservedBySize({ processors: 4, memoryBytes: 8_321_000_000, kubeletDiskBytes: gibibyte });
    expect(reservedBySize({ processors: 4, memoryBytes: 8_312_000_000, kubeletDiskBytes: gibibyte })).toEqual(full);
  });
});
