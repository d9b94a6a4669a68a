import type { HostSpec } from "../spec/cluster-spec.ts";
import type { Finding } from "./check.ts";
import { type Hardware, hardwareByRole, roleInProse, shareThatMayBeMissing } from "./hardware.ts";

/** What is compared, and how it is written. */
export interface HardwareQuestion {
  readonly part: keyof Hardware;
  /** "CPU cores", "memory", "disk". */
  readonly noun: string;
  /** "fewer" for what is counted, "less" for what is measured. */
  readonly less: "fewer" | "less";
  readonly unit: string;
}

/**
 * Compares what a host has with what the most demanding of its roles needs: under the minimum is an error, under the
 * recommendation a warning.
 */
export function judgeHardware(
  host: HostSpec,
  found: number,
  question: HardwareQuestion,
): readonly Omit<Finding, "host">[] {
  const minimum = mostDemanding(host, "minimum", question.part);
  const recommended = mostDemanding(host, "recommended", question.part);
  const { noun, less, unit } = question;
  const shown = `found ${format(found)} ${unit}`;
  // Cores are counted: nothing of them can be missing.
  const margin = question.part === "cores" ? 0 : shareThatMayBeMissing;
  if (minimum !== undefined && found < minimum.size * (1 - margin)) {
    return [
      {
        severity: "error",
        message: `${less} ${noun} than ${minimum.role} needs`,
        because: `${shown}; ${minimum.role} needs at least ${minimum.size} ${unit}`,
        hint: { text: `give the host at least ${minimum.size} ${unit}, or downgrade this check with a reason` },
      },
    ];
  }
  if (recommended !== undefined && found < recommended.size * (1 - margin)) {
    return [
      {
        severity: "warning",
        message: `${less} ${noun} than is recommended for ${recommended.role}`,
        because: `${shown}; recommended for production are ${recommended.size} ${unit}`,
        hint: { text: `plan for ${recommended.size} ${unit} before production load` },
      },
    ];
  }
  return [];
}

function mostDemanding(host: HostSpec, level: "minimum" | "recommended", part: keyof Hardware) {
  const needs = host.roles.flatMap((role) => {
    const size = hardwareByRole[role][level][part];
    const article = role === "etcd" ? "an" : "a";
    return size === undefined ? [] : [{ role: `${article} ${roleInProse[role]}`, size }];
  });
  return needs.sort((one, other) => other.size - one.size)[0];
}

function format(size: number): string {
  return Number.isInteger(size) ? String(size) : size.toFixed(1);
}
