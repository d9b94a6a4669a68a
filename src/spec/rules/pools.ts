import { suggest } from "../suggest.ts";
import type { Rule } from "./rule.ts";
import { hostPath } from "./rule.ts";

/** Pools have names of their own; hosts that name a pool are workers, and the pool is there. */
export const poolsOfWorkers: Rule = ({ placedHosts, pools }, report) => {
  const firsts = new Map<string, number>();
  for (const [index, pool] of (pools ?? []).entries()) {
    const first = firsts.get(pool.name);
    if (first === undefined) {
      firsts.set(pool.name, index);
      continue;
    }
    report.error("config/duplicate-pool", ["spec", "pools", index, "name"], {
      message: `pool ${pool.name} is there twice`,
      because: `the first one is on ${report.placeOf(["spec", "pools", first, "name"])}`,
      hint: { text: "rename one of them, or put both together" },
    });
  }
  for (const placed of placedHosts) {
    const { pool, roles, name } = placed.host;
    if (pool === undefined) continue;
    if (!roles.includes("worker")) {
      report.error("config/pool-without-worker", hostPath(placed, "pool"), {
        message: `host ${name} is in a pool but is no worker`,
        because: `pool is ${pool}, and roles on ${report.placeOf(hostPath(placed, "roles"))} are ${roles.join(", ")}; pools are for workers`,
        hint: { text: "remove pool, or add the role worker" },
      });
    } else if (pools !== undefined && pool !== "default" && !firsts.has(pool)) {
      const near = suggest(pool, firsts.keys());
      const known = [...firsts.keys()].join(", ");
      report.error("config/unknown-pool", hostPath(placed, "pool"), {
        message: `host ${name} is in a pool that spec.pools does not have`,
        because: `found ${pool}; spec.pools has ${known === "" ? "none" : known}`,
        hint: { text: near === undefined ? `add { name: ${pool} } to spec.pools` : `did you mean ${near}` },
      });
    }
  }
};
