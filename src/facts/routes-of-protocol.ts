import type { Fact } from "./fact.ts";
import { isCommandMissing, jsonOf, notUnderstood } from "./not-understood.ts";
import type { Route } from "./routes.ts";

/**
 * Routes of the main table that somebody who marks them so has made: `protocol` is a number or a name of
 * /etc/iproute2/rt_protos. Empty when ip (package iproute2) is not installed.
 */
export function routesOfProtocol(protocol: string, family: 4 | 6): Fact<readonly Route[]> {
  const argv = ["ip", "-j", `-${family}`, "route", "show", "protocol", protocol];
  const asked = argv.join(" ");
  const name = "routes-of-protocol";
  return {
    name,
    reads: [{ kind: "run", argv }],
    parse([answer]) {
      if (isCommandMissing(answer)) return [];
      const rows = jsonOf(name, asked, answer);
      if (!Array.isArray(rows)) throw notUnderstood(name, asked, answer, "it is not a list");
      return rows.map((row) => {
        if (typeof row?.dst !== "string") throw notUnderstood(name, asked, answer, "a route has no destination");
        const full = family === 6 ? 128 : 32;
        return {
          destination: row.dst.includes("/") || row.dst === "default" ? row.dst : `${row.dst}/${full}`,
          ...(typeof row.gateway === "string" ? { gateway: row.gateway } : {}),
          ...(typeof row.dev === "string" ? { device: row.dev } : {}),
        };
      });
    },
  };
}
