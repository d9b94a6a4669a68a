import { describe, expect, test } from "vitest";
import { bareHosts } from "../../test/support/bare-hosts.ts";
import { sampleHost, sampleSpec } from "../../test/support/sample-spec.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";
import { preflightNames } from "./preflight-checks.ts";
import { preflightNotes } from "./preflight-notes.ts";
import { runPreflight } from "./run-preflight.ts";

const options = { colors: false, width: 100, command: "slipway preflight" };
const few = { cores: 2 };
const hosts = [...sampleSpec().hosts, sampleHost("w-3", "10.0.0.33", ["worker"])];

async function notesOf(spec: ClusterSpec, over: Parameters<typeof bareHosts>[1]): Promise<readonly string[]> {
  const report = await runPreflight(spec, bareHosts(spec, over), { measure: false });
  return preflightNotes(report, options).split("\n");
}

describe("what apply says of preflight", () => {
  const all = preflightNames.length + 1;

  test("is nothing when there is nothing to warn of", async () => {
    expect(await notesOf(sampleSpec({ hosts }), {})).toEqual([""]);
  });

  test("is a line for a warning, counts of all checks, and what tells more", async () => {
    const spec = sampleSpec({ hosts, preflight: { downgrade: [{ check: "host-cpu", reason: "a lab" }] } });
    expect(await notesOf(spec, { "w-1": few, "w-2": few })).toEqual([
      "warning: w-1, w-2: fewer CPU cores than a worker needs (preflight/host-cpu)",
      `Preflight: 8 hosts asked, ${all - 2} of ${all} checks passed, 1 warning, 0 errors, 1 skipped`,
      "details  slipway preflight",
    ]);
  });

  test("is an error with its reason", async () => {
    const lines = await notesOf(sampleSpec({ hosts }), { "w-1": few });
    expect(lines[1]).toBe("  because  found 2 cores; a worker needs at least 4 cores");
    expect(lines.at(-1)).toMatch(/ passed, 0 warnings, 1 error, 1 skipped$/);
  });

  test("is also a host that is gone since the plan was made", async () => {
    const lines = await notesOf(sampleSpec({ hosts }), { "w-1": undefined });
    expect(lines[0]).toMatch(/^w-1: .* ssh\/unreachable$/);
    expect(lines.join(" ")).toMatch(/1 host not reached$/);
  });
});
