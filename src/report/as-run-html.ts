import { formatDuration } from "../problems/format-duration.ts";
import { sourceLocation } from "../problems/format-source.ts";
import { printableLines, printableOutput, printableText } from "../problems/printable-text.ts";
import type { AsRunRecord, StepRecord } from "./as-run-record.ts";
import { asRunStyle } from "./as-run-style.ts";
import {
  evidenceEnd,
  hasDetails,
  isInFlight,
  nextWords,
  outcomeOf,
  outcomeReason,
  phaseTimes,
  runFacts,
  runName,
  stepMoments,
  timeOfDay,
  tookOf,
} from "./as-run-words.ts";
import { changeSigns } from "./change-words.ts";
import { countOf } from "./count-of.ts";

/** The record of a run as one HTML page that needs nothing else: no script, no network, light and dark, printable. */
export function htmlOf(record: AsRunRecord): string {
  const name = html(runName(record));
  const next = nextWords(record);
  const isGood = next === undefined;
  const facts = runFacts(record).map(
    ([label, value]) => `<tr><th scope="row">${html(label)}</th><td>${html(value)}</td></tr>`,
  );
  return `${[
    `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>As run: ${name}</title>
<style>${asRunStyle}</style>
</head>
<body>
<h1>As run: ${name}</h1>
<p class="verdict ${isGood ? "good" : "bad"}">${isGood ? "Every step was applied or found satisfied." : html(next)}</p>
<table class="facts">`,
    ...facts,
    "</table>",
    ...section("Problems", record.problems.map(problemHtml)),
    ...section("Steps", stepTable(record)),
    ...section("During the run", momentList(record.moments)),
    ...section("Where the time went", timeTable(record)),
    ...section(
      "What each step did",
      record.steps.filter(hasDetails).map((step) => detailHtml(step, record.diffs)),
    ),
    "</body>",
    "</html>",
  ].join("\n")}\n`;
}

/** Foreign text as HTML text or attribute value. */
function html(text: string): string {
  return printableText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function section(title: string, parts: readonly string[]): string[] {
  return parts.length === 0 ? [] : [`<h2>${title}</h2>`, ...parts];
}

function pre(lines: readonly string[], kind = ""): string {
  return `<pre${kind === "" ? "" : ` class="${kind}"`}>${lines.map(html).join("\n")}</pre>`;
}

function diffHtml(diff: string): string {
  const lines = printableLines(diff).map((line) => {
    const kind = line.startsWith("+") ? "add" : line.startsWith("-") ? "del" : line.startsWith("@@") ? "at" : "";
    return kind === "" ? html(line) : `<span class="${kind}">${html(line)}</span>`;
  });
  return `<pre class="diff">${lines.join("\n")}</pre>`;
}

function problemHtml({ record, problem }: AsRunRecord["problems"][number]): string {
  const { because, hint, evidence, where } = problem;
  const row = (label: string, value: string): string => `<dt>${label}</dt><dd>${value}</dd>`;
  const source = where?.source;
  return `<article class="problem ${problem.severity}">
<h3>${html(problem.message)} <code>${html(problem.code)}</code></h3>
<dl>${[
    ...(record === undefined
      ? []
      : [row("step", `<a href="#step-${record.number}">${record.number}</a> ${html(record.step.title)}`)]),
    ...(where?.host === undefined ? [] : [row("host", html(where.host))]),
    ...(source === undefined
      ? []
      : [
          row(
            "at",
            `<code>${html(sourceLocation(source))}</code>${source.text === undefined ? "" : pre([source.text])}`,
          ),
        ]),
    ...(because === undefined ? [] : [row("because", printableLines(because).map(html).join("<br>"))]),
    ...(hint === undefined
      ? []
      : [row("hint", html(hint.text) + (hint.command === undefined ? "" : pre(printableLines(hint.command))))]),
    ...(evidence === undefined
      ? []
      : [
          row(
            "ran",
            `<code>${html(evidence.command)}</code> (${html(evidenceEnd(evidence))})${evidence.lastLines.length === 0 ? "" : pre(evidence.lastLines.flatMap(printableOutput))}`,
          ),
        ]),
  ].join("")}</dl>
</article>`;
}

function stepTable(record: AsRunRecord): string[] {
  if (record.steps.length === 0) return [];
  const rows = record.steps.map((step) => {
    const { title, on, phase } = step.step;
    const reason = outcomeReason(step);
    const outcome = outcomeOf(step);
    const name = hasDetails(step) ? `<a href="#step-${step.number}">${html(title)}</a>` : html(title);
    const why = reason === undefined ? "" : `<br><small>${html(reason)}</small>`;
    const started = step.startedAt === undefined ? "" : html(timeOfDay(step.startedAt));
    const anchor = hasDetails(step) ? "" : ` id="step-${step.number}"`;
    return `<tr${anchor}><td class="n">${step.number}</td><td>${name}</td><td>${html(on)}</td><td>${html(phase)}</td><td class="${outcome.replaceAll(" ", "-")}">${outcome}${why}</td><td class="n">${started}</td><td class="n">${tookOf(step)}</td></tr>`;
  });
  const head = ["#", "Step", "Host", "Phase", "Outcome", "Started", "Took"]
    .map((title) => `<th>${title}</th>`)
    .join("");
  return [`<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${rows.join("\n")}\n</tbody>\n</table>`];
}

function momentList(moments: AsRunRecord["moments"]): string[] {
  if (moments.length === 0) return [];
  return [
    `<ul>${moments.map(({ at, text }) => `<li><time>${html(timeOfDay(at))}</time> ${html(text)}</li>`).join("")}</ul>`,
  ];
}

function timeTable(record: AsRunRecord): string[] {
  const phases = phaseTimes(record);
  if (phases.length === 0) return [];
  const rows = phases.map(
    ({ phase, tookMs, steps, share }) =>
      `<tr><td>${html(phase)}</td><td class="n">${formatDuration(tookMs)}</td><td class="n">${steps}</td><td class="bar"><span style="width:${Math.round(share * 100)}%"></span></td></tr>`,
  );
  const slowest = record.tally.slowest.map(
    ({ step, durationMs }) => `<li>${formatDuration(durationMs)}: ${html(step.title)} (${html(step.on)})</li>`,
  );
  return [
    `<table><thead><tr><th>Phase</th><th>First start to last end</th><th>Steps</th><th></th></tr></thead><tbody>${rows.join("\n")}</tbody></table>`,
    ...(slowest.length === 0 ? [] : [`<p>Slowest steps:</p><ol>${slowest.join("")}</ol>`]),
  ];
}

function detailHtml(record: StepRecord, diffs: AsRunRecord["diffs"]): string {
  const { step, changes, commands } = record;
  const took = tookOf(record);
  const attempts = record.attempts > 1 ? `, ${countOf(record.attempts, "attempt")}` : "";
  const items = [
    ...changes.map((change) => {
      const from = change.from === undefined ? "" : ` from <code>${html(change.from)}</code>`;
      const to = change.to === undefined ? "" : ` to <code>${html(change.to)}</code>`;
      const why = change.because === undefined ? "" : `, because ${html(change.because)}`;
      const first = diffs.get(change.diff ?? "") ?? record.number;
      const same = `; the diff is that of <a href="#step-${first}">step ${first}</a>`;
      const diff = change.diff === undefined ? "" : first < record.number ? same : diffHtml(change.diff);
      return `<li><b>${html(changeSigns[change.verb])}</b> ${change.verb} <code>${html(change.what)}</code>${from}${to}${why}${diff}</li>`;
    }),
    ...stepMoments(record).map(({ at, text }) => `<li><time>${html(timeOfDay(at))}</time> ${html(text)}</li>`),
  ];
  const ran = commands.map(({ at, host, shown }) => `${timeOfDay(at)} ${host}  ${shown}`);
  const state = `${html(outcomeOf(record))}${took === "" ? "" : `, ${took}`}${attempts}`;
  return [
    `<section class="step" id="step-${record.number}">`,
    `<h3>${record.number}. ${html(step.title)}</h3>`,
    `<p><code>${html(step.id)}</code> on ${html(step.on)}: ${state}${isInFlight(record) ? " <b>when the journal ends</b>" : ""}</p>`,
    ...(items.length === 0 ? [] : [`<ul>${items.join("\n")}</ul>`]),
    ...(ran.length === 0 ? [] : ["<p>Carried out:</p>", pre(ran)]),
    "</section>",
  ].join("\n");
}
