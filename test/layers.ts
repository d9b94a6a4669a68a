import { cruise, type ICruiseResult } from "dependency-cruiser";
import extractOptions from "dependency-cruiser/config-utl/extract-depcruise-options";
import extractTsConfig from "dependency-cruiser/config-utl/extract-ts-config";

/** Fewer modules than this means the tool could not read the code and would pass anything. */
const fewestModules = 50;

const options = await extractOptions("./.dependency-cruiser.cjs");
const { output } = await cruise(["src", "test", "bench"], options, undefined, {
  tsConfig: extractTsConfig("tsconfig.json"),
});
const { summary } = output as ICruiseResult;
for (const { from, to, rule } of summary.violations) console.error(`${rule.name}: ${from} imports ${to}`);
if (summary.totalCruised < fewestModules)
  console.error(`only ${summary.totalCruised} modules were read; at least ${fewestModules} were expected`);
console.log(`${summary.totalCruised} modules, ${summary.violations.length} violations`);
process.exit(summary.violations.length === 0 && summary.totalCruised >= fewestModules ? 0 : 1);
