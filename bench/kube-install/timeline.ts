import type { RunEvent } from "../../src/engine/events.ts";

/** A part of a run: from when to when, in seconds since its start. */
export interface Stage {
  readonly name: string;
  readonly fromS: number;
  readonly toS: number;
}

/** When the first step of each phase of a run of Slipway started, and when its last one ended; satisfied ones left out. */
export function phasesOf(events: readonly RunEvent[]): readonly Stage[] {
  const started = events.find((event) => event.type === "run-started");
  if (started?.type !== "run-started") return [];
  const startedAt = Date.parse(started.at);
  const at = (event: RunEvent) => Math.round((Date.parse(event.at) - startedAt) / 100) / 10;
  const phaseOf = new Map(started.steps.map((step) => [step.id, step.phase]));
  const begun = new Map<string, number>();
  const stages = new Map<string, Stage>();
  for (const event of events) {
    if (event.type === "step-started") begun.set(event.step, at(event));
    if (event.type !== "step-finished" || event.outcome !== "applied") continue;
    const name = phaseOf.get(event.step) ?? "";
    const fromS = begun.get(event.step) ?? 0;
    const before = stages.get(name);
    stages.set(name, { name, fromS: Math.min(before?.fromS ?? fromS, fromS), toS: at(event) });
  }
  return [...stages.values()];
}

/** The longest steps of a run, longest first. */
export function longestSteps(events: readonly RunEvent[], count: number): readonly { step: string; seconds: number }[] {
  return events
    .flatMap((event) =>
      event.type === "step-finished"
        ? [{ step: String(event.step), seconds: Math.round(event.durationMs / 100) / 10 }]
        : [],
    )
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, count);
}

/** The lines "12 what has been reached" of by-hand.sh, each from the line before. */
export function stagesOf(stdout: string): readonly Stage[] {
  const lines = [...stdout.matchAll(/^(\d+) (.+)$/gm)].map(([, seconds, name = ""]) => ({
    name,
    toS: Number(seconds),
  }));
  return lines.map((line, at) => ({ name: line.name, fromS: lines[at - 1]?.toS ?? 0, toS: line.toS }));
}
