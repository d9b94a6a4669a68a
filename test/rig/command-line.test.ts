import { afterAll, describe, expect, test } from "vitest";
import { buildProgram } from "../../src/cli/program.ts";
import { cliRig } from "../support/cli-rig.ts";

const rig = cliRig();
afterAll(() => rig[Symbol.dispose]());

type Program = ReturnType<typeof buildProgram>;

function pathsOf(command: Program, path: readonly string[] = []): readonly (readonly string[])[] {
  return [path, ...command.commands.flatMap((one) => pathsOf(one, [...path, one.name()]))];
}

const paths = pathsOf(buildProgram());

describe("help", () => {
  test("covers all the commands there are", () => {
    expect(paths.map((path) => path.join(" ")).sort()).toEqual(
      [
        "",
        "init",
        "validate",
        "schema",
        "hosts",
        "hosts trust",
        "preflight",
        "plan",
        "apply",
        "status",
        "kubeconfig",
        "rbac",
        "rbac can-i",
        "rbac audit",
        "secrets",
        "secrets rotate-key",
        "bundle",
        "bundle create",
        "bundle inspect",
        "bundle verify",
        "etcd",
        "etcd members",
        "etcd health",
        "runs",
        "runs list",
        "runs show",
        "lab",
        "lab up",
        "lab down",
        "lab list",
        "lab ssh",
        "demo",
        "completion",
      ].sort(),
    );
  });

  test.each(paths.map((path) => path.join(" ")))("of 'slipway %s' is printed, and that is all", async (path) => {
    const help = await rig.run([...path.split(" ").filter((word) => word !== ""), "--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toMatch(new RegExp(`^Usage: slipway${path === "" ? "" : ` ${path}`}[ \\n]`));
    expect(help.stdout).toContain("-f, --file <path>");
    expect(help.stdout).toContain("-o, --output <format>");
    expect(Math.max(...help.stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test("is what 'slipway' alone prints, as wrong usage", async () => {
    const [alone, help] = await Promise.all([rig.run([]), rig.run(["help"])]);
    expect(alone).toEqual({ ...help, code: 2, stdout: "", stderr: help.stdout });
    expect(help.stdout).toContain("First steps:");
  });

  test("is what a group of commands alone prints, as wrong usage", async () => {
    for (const group of ["hosts", "etcd", "runs", "lab"]) {
      const alone = await rig.run([group]);
      expect(alone.code).toBe(2);
      expect(alone.stdout).toBe("");
      expect(alone.stderr).toContain(`Usage: slipway ${group} `);
    }
  });

  test("does not stand in for the version", async () => {
    expect(await rig.run(["--version"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

describe("a wrong command line", () => {
  test.each([
    ["plna", "slipway: unknown command 'plna'", "did you mean plan?", "slipway --help"],
    ["zzzz", "slipway: unknown command 'zzzz'", "see what there is", "slipway --help"],
    ["etcd helth", "slipway etcd: unknown command 'helth'", "did you mean health?", "slipway etcd --help"],
    ["plan --thruogh x", "slipway plan: unknown option '--thruogh'", "did you mean --through?", "slipway plan --help"],
    ["plan --zzzz", "slipway plan: unknown option '--zzzz'", "see what there is", "slipway plan --help"],
    ["plan extra", "slipway plan: too many arguments for 'plan'", "expected 0 arguments", "slipway plan --help"],
    ["completion", "missing required argument 'shell'", "see what there is", "slipway completion --help"],
    [
      "completion ksh",
      "'ksh' is invalid for argument 'shell'",
      "allowed choices are bash, zsh, fish",
      "completion --help",
    ],
    ["-o xml plan", "argument 'xml' is invalid", "allowed choices are text, json, yaml", "slipway --help"],
    ["plan --diff some", "argument 'some' is invalid", "allowed choices are short, full, none", "slipway plan --help"],
    ["plan --limit a,,b", "argument 'a,,b' is invalid", "expected names separated by commas", "slipway plan --help"],
    ["apply --within 0", "argument '0' is invalid", "expected a number of minutes above 0", "slipway apply --help"],
    ["validate -f", "option '-f, --file <path>' argument missing", "see what there is", "slipway"],
    ["lab ssh", "missing required argument 'machine'", "see what there is", "slipway lab ssh --help"],
  ])("%s", async (line, message, about, command) => {
    const end = await rig.run(line.split(" "));
    expect(end).toMatchObject({ code: 2, stdout: "" });
    for (const text of [message, about, command, "usage/command-line"]) expect(end.stderr).toContain(text);
    expect(end.stderr.trimEnd().split("\n").length).toBeLessThanOrEqual(5);
  });
});

describe("the cluster file's name", () => {
  test("may stand before and after the command, and in the environment", async () => {
    const init = ["init", "--name", "one", "--control-planes", "cp-1=10.0.0.1", "-f", "other.yaml"];
    expect((await rig.run(init)).code).toBe(0);
    const said = { code: 0, stdout: "other.yaml is valid: cluster one, 1 host\n", stderr: "" };
    expect(await rig.run(["-f", "other.yaml", "validate"])).toMatchObject(said);
    expect(await rig.run(["validate", "-f", "other.yaml"])).toMatchObject(said);
    expect(await rig.run(["validate", "--file=other.yaml"])).toMatchObject(said);
    expect(await rig.run(["validate"], { env: { SLIPWAY_FILE: "other.yaml" } })).toMatchObject(said);
    expect((await rig.run(["validate"])).stderr).toContain("the cluster file cluster.yaml cannot be read");
  });
});
