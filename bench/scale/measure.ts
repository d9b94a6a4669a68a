import { systemClock } from "../../src/engine/clock.ts";
import { makePlan } from "../../src/engine/planner.ts";
import { encodePlan } from "../../src/engine/saved-plan.ts";
import { install } from "../../src/plans/install.ts";
import { planText } from "../../src/report/plan-text.ts";
import { loadCluster } from "../../src/spec/load-cluster.ts";
import { specDigest } from "../../src/spec/spec-digest.ts";
import { clusterYaml } from "./cluster-yaml.ts";
import { recordedHosts, type Variant } from "./recorded-hosts.ts";

/** What one process measured: one size, one variant. Times in milliseconds. */
export interface Measured {
  readonly hosts: number;
  readonly variant: Variant;
  readonly fileBytes: number;
  readonly specMs: number;
  readonly stepsMs: number;
  readonly planMs: number;
  /** spec, steps and plan together: the goal's figure. */
  readonly totalMs: number;
  /** Processor time of the same, all threads: what is left of totalMs on a machine that has nothing else to do. */
  readonly totalCpuMs: number;
  /** The plan as text for the terminal, and as the text of a saved plan. */
  readonly printMs: number;
  readonly steps: number;
  readonly needed: number;
  readonly roundTrips: number;
  /** The most memory the process had up to the finished plan. */
  readonly rssBytes: number;
}

/** Runs in a process of its own: `node measure.ts HOSTS VARIANT` prints a Measured as JSON. */
async function measure(hosts: number, variant: Variant): Promise<Measured> {
  const content = Buffer.from(clusterYaml(hosts));
  const before = process.cpuUsage();
  const [spec, specMs] = timed(() => specOf(content));
  const specCpuMs = cpuMsSince(before);
  // What the hosts answer is no part of what is measured.
  const world = { hosts: await recordedHosts(spec, variant), vault, clock: systemClock };

  const beforePlan = process.cpuUsage();
  const [{ intention, steps }, stepsMs] = timed(() => install(spec));
  const startedAt = performance.now();
  const plan = await makePlan(steps, world, {
    cluster: spec.name,
    intention,
    specDigest: specDigest(spec),
  });
  const planMs = performance.now() - startedAt;
  const totalCpuMs = specCpuMs + cpuMsSince(beforePlan);
  const rssBytes = process.resourceUsage().maxRSS * 1024;
  const [, printMs] = timed(() => [planText(plan, { colors: false, width: 100, diff: "short" }), encodePlan(plan)]);
  return {
    hosts,
    variant,
    fileBytes: content.length,
    specMs,
    stepsMs,
    planMs,
    totalMs: specMs + stepsMs + planMs,
    totalCpuMs,
    printMs,
    steps: plan.steps.length,
    needed: plan.steps.filter((step) => step.state !== "satisfied").length,
    roundTrips: world.hosts.usage().roundTrips,
    rssBytes,
  };
}

function specOf(content: Uint8Array) {
  const loaded = loadCluster(content, "cluster.yaml");
  if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems, null, 2));
  return loaded.spec;
}

function timed<T>(work: () => T): readonly [T, number] {
  const startedAt = performance.now();
  const made = work();
  return [made, performance.now() - startedAt];
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const refuse = () => Promise.reject(new Error("a plan changes nothing"));
const vault = {
  read: () => Promise.resolve(undefined),
  list: () => Promise.resolve([]),
  write: refuse,
  remove: refuse,
};

const [hosts = "50", variant = "converged"] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await measure(Number(hosts), variant === "bare" ? "bare" : "converged")));
