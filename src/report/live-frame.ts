import type pc from "picocolors";
import { displayWidth, padText, truncateMiddle, truncateText } from "../problems/display-width.ts";
import { formatDuration } from "../problems/format-duration.ts";
import { printableText } from "../problems/printable-text.ts";
import { countOf } from "./count-of.ts";
import { groupedDigits } from "./grouped-digits.ts";
import type { RunningStep, RunTally } from "./run-tally.ts";

type Colors = ReturnType<typeof pc.createColors>;

/** The room a frame has, and the moment it shows. */
export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
  readonly nowMs: number;
}

/**
 * What the live view shows right now: progress, running steps as far as they fit, phases. Never more than `rows` lines
 * of `columns`; its cost depends on the size of the terminal, not on the number of hosts.
 */
export function liveFrame(tally: RunTally, { columns, rows, nowMs }: FrameSize, colors: Colors): string[] {
  const header = headerLine(tally, columns, nowMs, colors);
  const footer = phaseLine(tally, columns, colors);
  if (rows < 4) return [header].slice(0, Math.max(0, rows));

  const room = rows - 2;
  const lines: string[] = [];
  let shown = 0;
  for (const running of tally.running.values()) {
    const entry = stepLines(running, columns, nowMs, colors);
    const isLast = shown + 1 === tally.running.size;
    if (lines.length + entry.length + (isLast ? 0 : 1) > room) break;
    lines.push(...entry);
    shown++;
  }
  const left = tally.running.size - shown;
  if (left > 0) lines.push(truncateText(`  … ${groupedDigits(left)} more running`, columns));
  return [header, ...lines, footer];
}

function headerLine(tally: RunTally, columns: number, nowMs: number, colors: Colors): string {
  const { started } = tally;
  const name = started === undefined ? "Starting" : printableText(`${started.intention} ${started.cluster}`);
  const elapsed = started === undefined ? "" : elapsedWords(nowMs - Date.parse(started.at));
  const bad = tally.problems.length;
  const parts = [
    `${groupedDigits(tally.finished)}/${groupedDigits(tally.total)}`,
    elapsed,
    ...(bad > 0 ? [countOf(bad, "problem")] : []),
    ...(tally.interrupted === undefined ? [] : ["stopping"]),
  ];
  const facts = truncateText(parts.filter((part) => part !== "").join("  "), columns);
  const barWidth = Math.min(40, columns - displayWidth(facts) - Math.min(displayWidth(name), 24) - 4);
  const bar = barWidth >= 8 ? `${barOf(tally, barWidth, colors)}  ` : "";
  const nameWidth = columns - displayWidth(facts) - 2 - (bar === "" ? 0 : barWidth + 2);
  const title = nameWidth >= 4 ? `${colors.bold(truncateText(name, nameWidth))}  ` : "";
  return `${title}${bar}${bad > 0 ? colors.red(facts) : facts}`;
}

function barOf(tally: RunTally, width: number, colors: Colors): string {
  const share = tally.total === 0 ? 0 : Math.min(1, tally.finished / tally.total);
  const done = Math.floor(share * width);
  const paint = tally.problems.length > 0 ? colors.red : colors.green;
  return paint("━".repeat(done)) + colors.dim("─".repeat(width - done));
}

function stepLines(running: RunningStep, columns: number, nowMs: number, colors: Colors): string[] {
  const { step } = running;
  const elapsed = elapsedWords(nowMs - running.startedMs).padStart(columns < 60 ? 4 : 10);
  const attempt = running.attempt > 1 ? ` (attempt ${running.attempt})` : "";
  const host = step.on === "cluster" || step.title.includes(step.on) ? "" : ` on ${step.on}`;
  const room = columns - 4 - displayWidth(elapsed);
  const title = truncateMiddle(printableText(step.title + host + attempt), room);
  const lines = [`  ${padText(title, Math.min(room, 72))}  ${colors.dim(elapsed)}`];
  if (running.doing !== undefined)
    lines.push(colors.dim(`    ${truncateText(printableText(running.doing), columns - 4)}`));
  return lines;
}

/** Phases that have begun and are not done, then how many are done. */
function phaseLine(tally: RunTally, columns: number, colors: Colors): string {
  const phases = [...tally.phases.values()];
  const done = phases.filter((phase) => phase.finished >= phase.steps).length;
  const under = phases.filter((phase) => phase.finished < phase.steps && phase.startedMs !== undefined);
  const texts = under.map((phase) => `${phase.phase} ${phase.finished}/${phase.steps}`);
  const text = [`${done} of ${countOf(phases.length, "phase")} done`, ...texts].join(" · ");
  return colors.dim(truncateText(`  ${printableText(text)}`, columns));
}

/** In whole seconds, so that a frame changes once a second and not ten times. */
function elapsedWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1000);
}
