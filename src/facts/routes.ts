import type { Answer } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { isCommandMissing, jsonOf, notUnderstood } from "./not-understood.ts";
import { routeProtocol } from "./route-protocol.ts";

/** A route of the main table. */
export interface Route {
  /** "10.0.0.0/24"; default routes are left out, single addresses have their full prefix length. */
  readonly destination: string;
  readonly gateway?: string;
  readonly device?: string;
  /** Slipway has made it. */
  readonly isOurs?: true;
}

const argvs = [
  ["ip", "-j", "-4", "route", "show"],
  ["ip", "-j", "-6", "route", "show"],
] as const;

/** Where a host sends packets, apart from the default route. Undefined when ip (package iproute2) is not installed. */
export const routes: Fact<readonly Route[] | undefined> = {
  name: "routes",
  reads: argvs.map((argv) => ({ kind: "run", argv })),
  parse: (answers) => {
    if (answers.some(isCommandMissing)) return undefined;
    return argvs.flatMap((argv, at) => routesIn(argv.join(" "), answers[at]));
  },
};

function routesIn(asked: string, answer: Answer | undefined): readonly Route[] {
  const rows = jsonOf("routes", asked, answer);
  if (!Array.isArray(rows)) throw notUnderstood("routes", asked, answer, "it is not a list");
  return rows.flatMap((row) => {
    if (typeof row?.dst !== "string") throw notUnderstood("routes", asked, answer, "a route has no destination");
    if (row.dst === "default") return [];
    const full = row.dst.includes(":") ? 128 : 32;
    return [
      {
        destination: row.dst.includes("/") ? row.dst : `${row.dst}/${full}`,
        ...(typeof row.gateway === "string" ? { gateway: row.gateway } : {}),
        ...(typeof row.dev === "string" ? { device: row.dev } : {}),
        ...(String(row.protocol) === routeProtocol ? { isOurs: true as const } : {}),
      },
    ];
  });
}
