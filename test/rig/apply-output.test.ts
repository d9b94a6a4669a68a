import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { cliRig, closedPorts, unreachableCluster } from "../support/cli-rig.ts";

const rig = cliRig();
afterAll(() => rig[Symbol.dispose]());
beforeAll(async () => {
  rig.file("other.yaml", unreachableCluster(await closedPorts(4)));
  rig.file("broken.yaml", "kind: Nothing\n");
});

describe("the result of 'apply' for machines", () => {
  test.each([
    ["hosts that cannot be reached", ["-f", "other.yaml", "apply", "--yes"], 5, "ssh/unreachable", 4],
    [
      "a lock that cannot be had",
      ["-f", "other.yaml", "apply", "--yes", "--continue-on-error"],
      5,
      "engine/lock-hosts-unreachable",
      1,
    ],
    ["no file", ["apply", "--yes"], 2, "usage/no-cluster-file", 1],
    ["a broken file", ["-f", "broken.yaml", "apply", "--yes"], 2, "config/", 1],
    ["no plan file", ["-f", "other.yaml", "apply", "plan.json"], 2, "usage/no-plan-file", 1],
  ])("is one line of JSON, or one YAML document, for %s", async (_title, line, code, problem, many) => {
    const [json, yaml] = await Promise.all(["json", "yaml"].map((format) => rig.run([...line, "-o", format])));
    expect(json?.code).toBe(code);
    expect(json?.stdout).toMatch(/^\{"type":"result".*\}\n$/);
    const result = JSON.parse(json?.stdout ?? "");
    expect(result).toMatchObject({ type: "result", run: null, exitCode: code, applied: 0 });
    const codes: string[] = result.problems.map((one: { code: string }) => one.code);
    expect(codes.filter((one) => one.startsWith(problem)).length).toBeGreaterThanOrEqual(many);
    expect({ ...parse(yaml?.stdout ?? ""), durationMs: 0 }).toMatchObject({
      ...result,
      problems: expect.anything(),
      durationMs: 0,
      // How many reads share a round trip depends on how busy the computer is.
      roundTrips: expect.any(Number),
    });
  });
});

describe("Ctrl-C while the hosts are asked", () => {
  let programs: string;
  beforeAll(() => {
    programs = join(rig.home, "programs");
    mkdirSync(programs);
    // The host never answers, and the first thing ssh is asked to do ends the wait of this test.
    writeFileSync(join(programs, "ssh"), "#!/bin/sh\nkill -INT $PPID\nexec sleep 30\n", { mode: 0o755 });
  });

  test.each([["apply --yes"], ["apply --yes -o json"], ["plan"], ["plan -o json"]])(
    "ends '%s' with 130, and says that nothing was changed",
    async (line) => {
      const end = await rig.run(["-f", "other.yaml", ...line.split(" ")], {
        env: { PATH: `${programs}:${process.env.PATH}` },
      });
      expect(end).toMatchObject({ code: 130, stderr: "\nInterrupted: nothing was changed.\n" });
      if (line !== "apply --yes -o json") expect(end.stdout).toBe("");
      else
        expect(JSON.parse(end.stdout)).toMatchObject({
          type: "result",
          exitCode: 130,
          interrupted: "leave-now",
          run: null,
        });
    },
  );
});

describe("a command in a hint", () => {
  test("names the cluster file, in text and as data", async () => {
    const end = await rig.run(["-f", "other.yaml", "runs", "show", "20200101T000000.000Z-abcdef"]);
    expect(end.stderr).toContain("slipway -f other.yaml runs list");
    const apply = await rig.run(["-f", "other.yaml", "apply", "plan.json", "-o", "json"]);
    expect(JSON.parse(apply.stdout).problems[0].hint.command).toBe("slipway -f other.yaml plan --out plan.json");
    expect((await rig.run(["runs", "show", "20200101T000000.000Z-abcdef"])).stderr).toContain("  slipway init\n");
  });
});

describe("a run that could not take the cluster lock", () => {
  test("leaves nothing behind that looks like a run", async () => {
    expect((await rig.run(["-f", "other.yaml", "runs", "list", "-o", "json"])).stdout).toBe("[]\n");
  });
});
