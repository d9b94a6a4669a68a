import pc from "picocolors";
import type { Plan } from "../engine/plan.ts";
import { truncateText } from "../problems/display-width.ts";
import { foldedNames, foldNames } from "../problems/fold-names.ts";
import { formatProblems } from "../problems/format-problems.ts";
import { printableLines, printableText } from "../problems/printable-text.ts";
import { wrapText } from "../problems/wrap-text.ts";
import { changeSigns, impactWords } from "./change-words.ts";
import { countOf } from "./count-of.ts";
import { type ChangeGroup, groupPlan, hostMark, type StepGroup } from "./plan-groups.ts";
import { isAboutUnreached, isEmptyPlan, planSummary } from "./plan-summary.ts";

/** How a plan is printed. */
export interface PlanTextOptions {
  readonly colors: boolean;
  /** Columns of the terminal; default 80. */
  readonly width?: number;
  /**
   * "short" (default): at most 12 lines of a diff, three versions of the same file, twelve entries in a list of hosts;
   * what is left out is counted. "full": everything. "none": no diffs.
   */
  readonly diff?: "full" | "short" | "none";
}

const shortDiffLines = 12;
const shortVersions = 3;
const shortHosts = 12;

type Colors = ReturnType<typeof pc.createColors>;

/** The plan as text for people, by phase, equal changes of several hosts folded into one. Ends without a line break. */
export function planText(plan: Plan, options: PlanTextOptions): string {
  return new PlanPrinter(plan, options).print();
}

class PlanPrinter {
  readonly #plan: Plan;
  readonly #colors: Colors;
  readonly #width: number;
  readonly #diff: "full" | "short" | "none";
  readonly #hostCount: number;
  readonly #lines: string[] = [];

  constructor(plan: Plan, options: PlanTextOptions) {
    this.#plan = plan;
    this.#colors = pc.createColors(options.colors);
    this.#width = Math.max(30, options.width ?? 80);
    this.#diff = options.diff ?? "short";
    this.#hostCount = new Set(plan.steps.map((step) => step.on).filter((on) => on !== "cluster")).size;
  }

  print(): string {
    const { bold } = this.#colors;
    if (!isEmptyPlan(this.#plan)) {
      this.#lines.push(bold(`Plan: ${printableText(this.#plan.intention)} ${printableText(this.#plan.cluster)}`));
      for (const { phase, steps } of groupPlan(this.#plan)) {
        this.#lines.push("", bold(printableText(phase)));
        for (const step of steps) this.#step(step);
      }
      this.#lines.push("");
    }
    this.#unreachable();
    for (const [index, line] of planSummary(this.#plan).entries()) {
      const wrapped = wrapText(printableText(line), this.#width);
      this.#lines.push(...wrapped.map((text) => (index === 0 ? bold(text) : this.#colors.red(text))));
    }
    return this.#lines.join("\n");
  }

  #step(step: StepGroup): void {
    const colors = this.#colors;
    const tag = impactWords[step.impact];
    const danger = step.impact === "destroys-data" || step.impact === "changes-etcd-membership";
    this.#wrapped(2, 4, this.#heading(step) + (tag === "" ? "" : ` (${danger ? "! " : ""}${tag})`), (line) =>
      danger ? colors.red(line) : step.impact === "none" ? line : colors.yellow(line),
    );
    if (step.state === "unknown") {
      const until = this.#named(step.until, step);
      this.#wrapped(4, 6, `? known after "${until}": ${this.#named(step.because, step)}`, colors.magenta);
    }
    if (step.state === "refused") {
      const own = step.problems.filter((problem) => !isAboutUnreached(this.#plan, problem));
      const unreached = step.problems.filter((problem) => isAboutUnreached(this.#plan, problem));
      if (unreached.length > 0) {
        const hosts = this.#hosts(new Set(unreached.flatMap((problem) => problem.where?.host ?? [])));
        this.#wrapped(4, 6, `? not known: ${hosts} cannot be reached`, colors.magenta);
      }
      const text = formatProblems(own, { colors: colors.isColorSupported, width: this.#width - 4 });
      if (own.length > 0) this.#lines.push(...text.split("\n").map((line) => (line === "" ? "" : `    ${line}`)));
    }
    this.#changes(step);
  }

  /** Changes in order; versions of one thing (same verb and name, different content) stay together and are bounded. */
  #changes(step: StepGroup): void {
    const versions = Map.groupBy(step.changes, ({ change, what }) => `${change.verb} ${what}`);
    for (const groups of versions.values()) {
      const shown = this.#diff === "full" ? groups : groups.slice(0, shortVersions);
      for (const group of shown) this.#change(group, step);
      const left = groups.slice(shown.length);
      const [first] = left;
      if (first === undefined) continue;
      const members = new Set(left.flatMap((group) => group.members));
      const text = `${changeSigns[first.change.verb]} ${this.#named(first.what, { members: [...members] })}: ${countOf(left.length, "more version")} on ${this.#hosts(members)}`;
      this.#wrapped(4, 6, text, this.#paint(first));
    }
  }

  #change(group: ChangeGroup, step: StepGroup): void {
    const { change } = group;
    let text = `${changeSigns[change.verb]} ${this.#named(group.what, group)}`;
    if (change.verb === "restart" && !/\brestart/i.test(change.what)) text = text.replace("! ", "! restart ");
    if (change.from !== undefined && change.to !== undefined) text += `: ${change.from} → ${change.to}`;
    else if (change.to !== undefined) text += `: ${change.to}`;
    else if (change.from !== undefined) text += ` (was ${change.from})`;
    const members = new Set(group.members);
    if (members.size < new Set(step.members).size) text += `, on ${this.#hosts(members)}`;
    this.#wrapped(4, 6, printableText(text), this.#paint(group));
    if (change.because !== undefined) this.#wrapped(6, 6, `because ${printableText(change.because)}`, this.#colors.dim);
    if (change.diff !== undefined && this.#diff !== "none") this.#diffLines(change.diff);
  }

  #diffLines(diff: string): void {
    const lines = printableLines(diff);
    const shown = this.#diff === "full" || lines.length <= shortDiffLines + 1 ? lines : lines.slice(0, shortDiffLines);
    for (const line of shown) {
      const text = this.#diff === "full" ? line : truncateText(line, this.#width - 8);
      this.#lines.push(`        ${paintDiff(text, this.#colors)}`.trimEnd());
    }
    const left = lines.length - shown.length;
    if (left > 0) this.#lines.push(`        ${this.#colors.dim(`… ${countOf(left, "more line")}`)}`);
  }

  #unreachable(): void {
    const problems = this.#plan.unreachable.map(({ host, problem }) =>
      problem.where?.host === undefined ? { ...problem, where: { ...problem.where, host } } : problem,
    );
    if (problems.length === 0) return;
    const { bold, isColorSupported } = this.#colors;
    this.#lines.push(bold("not reached, not in this plan"));
    const text = formatProblems(problems, { colors: isColorSupported, width: this.#width - 2 });
    this.#lines.push(...text.split("\n").map((line) => (line === "" ? "" : `  ${line}`)), "");
  }

  /** The title with its hosts: "Set up the system of all 7 hosts", "Join <host> to the etcd cluster: cp-1..3". */
  #heading(step: StepGroup): string {
    const members = new Set(step.members);
    const [only] = members;
    if (members.size === 1 && only !== undefined) {
      const title = printableText(step.title.replaceAll(hostMark, only));
      return only === "cluster" || step.title.includes(hostMark) ? title : `${title} on ${printableText(only)}`;
    }
    const hosts = this.#hosts(members);
    if (step.title.indexOf(` ${hostMark}`) === step.title.length - 2)
      return printableText(step.title.slice(0, -1)) + hosts;
    const title = this.#named(step.title, step);
    return step.title.includes(hostMark) ? `${title}: ${hosts}` : `${title} on ${hosts}`;
  }

  /** Text with the host's name back in place, or "<host>" when there are several. */
  #named(text: string, about: { readonly members: readonly string[] }): string {
    const members = new Set(about.members);
    const [only] = members;
    return printableText(text.replaceAll(hostMark, members.size === 1 && only !== undefined ? only : "<host>"));
  }

  #hosts(members: ReadonlySet<string>): string {
    const entries = foldNames(members);
    if (this.#diff === "full") return entries.join(", ");
    if (entries.length > 3 && members.size === this.#hostCount) return `all ${countOf(members.size, "host")}`;
    return foldedNames(members, shortHosts);
  }

  #paint({ change }: ChangeGroup): (text: string) => string {
    const { green, yellow, red, cyan } = this.#colors;
    return { create: green, update: yellow, delete: red, restart: red, run: cyan }[change.verb];
  }

  #wrapped(indent: number, hanging: number, text: string, paint: (line: string) => string): void {
    for (const [index, line] of wrapText(text, this.#width - hanging).entries())
      this.#lines.push(" ".repeat(index === 0 ? indent : hanging) + paint(line));
  }
}

function paintDiff(line: string, colors: Colors): string {
  if (line.startsWith("+")) return colors.green(line);
  if (line.startsWith("-")) return colors.red(line);
  return line.startsWith("@@") ? colors.cyan(line) : colors.dim(line);
}
