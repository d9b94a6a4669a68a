import { spawnSync } from "node:child_process";
import { type Reporter, startVitest, type TestModule } from "vitest/node";

/** Runs the tiers named on the command line (default: all) and ends with one line of figures over all of them. */
const tiers = ["check", "unit", "rig", "lab", "kube"] as const;
type Tier = (typeof tiers)[number];

interface Tally {
  passed: number;
  failed: number;
  skipped: { name: string; because: string }[];
}

function runCheckTier(): Tally {
  const tally: Tally = { passed: 0, failed: 0, skipped: [] };
  for (const script of ["lint", "types", "layers", "unused", "docs:check"]) {
    console.log(`check: npm run ${script}`);
    const run = spawnSync("npm", ["run", "--silent", script], { encoding: "utf8" });
    if (run.status === 0) {
      tally.passed += 1;
    } else {
      tally.failed += 1;
      console.error(run.stdout + run.stderr);
    }
  }
  return tally;
}

class TallyReporter implements Reporter {
  readonly tally: Tally = { passed: 0, failed: 0, skipped: [] };

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    this.tally.failed += errors.length;
    for (const module of modules) {
      if (module.state() === "failed" && module.errors().length > 0) this.tally.failed += 1;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") this.tally.passed += 1;
        else if (result.state === "failed") this.tally.failed += 1;
        else {
          const because = result.state === "skipped" ? (result.note ?? "no reason given") : "did not run";
          this.tally.skipped.push({ name: `${module.project.name}: ${test.fullName}`, because });
        }
      }
    }
  }
}

async function runVitestTier(tier: Exclude<Tier, "check">): Promise<Tally> {
  const reporter = new TallyReporter();
  const vitest = await startVitest("test", [], {
    project: [tier],
    watch: false,
    run: true,
    passWithNoTests: false,
    reporters: ["default", reporter],
  });
  await vitest.close();
  const { tally } = reporter;
  if (tally.passed + tally.failed + tally.skipped.length === 0) tally.failed += 1;
  return tally;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !tiers.some((tier) => tier === name));
if (unknown.length > 0) {
  console.error(`no such tier: ${unknown.join(", ")}; the tiers are ${tiers.join(", ")}`);
  process.exit(2);
}
const total: Tally = { passed: 0, failed: 0, skipped: [] };
for (const tier of tiers.filter((name) => wanted.length === 0 || wanted.includes(name))) {
  console.log(`\n== ${tier} ==`);
  const tally = tier === "check" ? runCheckTier() : await runVitestTier(tier);
  console.log(`${tier}: ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped.length} skipped`);
  total.passed += tally.passed;
  total.failed += tally.failed;
  total.skipped.push(...tally.skipped);
}
const reasons = Map.groupBy(total.skipped, (skip) => skip.because);
for (const [because, skips] of reasons) {
  console.log(`skipped because ${because}:`);
  for (const skip of skips) console.log(`  ${skip.name}`);
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
