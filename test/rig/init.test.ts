import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type CliRig, cliRig } from "../support/cli-rig.ts";

let rig: CliRig;
beforeEach(() => {
  rig = cliRig();
});
afterEach(() => rig[Symbol.dispose]());

const three = "cp-1=10.0.0.21,cp-2=10.0.0.22,cp-3=10.0.0.23";
const balanced = ["--load-balancers", "lb-1=10.0.0.11,lb-2=10.0.0.12", "--vip", "10.0.0.10/24"];

describe("init by flags", () => {
  test.each([
    ["a pair of load balancers", ["--control-planes", three, ...balanced, "--workers", "w-1=10.0.0.31"], 6],
    ["another user", ["--control-planes", three, ...balanced, "--ssh-user", "admin"], 5],
    ["somebody else's load balancer by name", ["--control-planes", three, "--endpoint", "api.example.com"], 3],
    ["somebody else's load balancer by address", ["--control-planes", three, "--endpoint", "10.0.0.99"], 3],
    ["one control plane that clients reach directly", ["--control-planes", "cp-1=10.0.0.21"], 1],
    ["one host that is everything", ["--control-planes", "a=10.0.0.21", "--workers", "a=10.0.0.21"], 1],
    ["etcd on hosts of its own", ["--control-planes", "cp-1=10.0.0.21", "--etcd", "e-1=10.0.0.41"], 2],
    ["etcd as a role of the control plane", ["--control-planes", "cp-1=10.0.0.21", "--etcd", "cp-1=10.0.0.21"], 1],
    ["addresses of IPv6", ["--control-planes", "cp-1=fd00::21"], 1],
  ])("writes a valid file for %s", async (_title, flags, hosts) => {
    const written = await rig.run(["init", "--name", "prod", ...flags]);
    expect(written).toEqual({
      code: 0,
      signal: null,
      stdout: "Wrote cluster.yaml. Next: slipway hosts trust\n",
      stderr: "",
    });
    const checked = await rig.run(["validate", "-o", "json"]);
    expect(checked.code).toBe(0);
    expect(JSON.parse(checked.stdout)).toMatchObject({ valid: true, problems: [], cluster: "prod", hosts });
  });

  test("names the file to go on with when it is not the usual one", async () => {
    const flags = ["--name", "prod", "--control-planes", "cp-1=10.0.0.21", "-f", "deep er/prod.yaml"];
    const written = await rig.run(["init", ...flags]);
    expect(written.stdout).toBe("Wrote deep er/prod.yaml. Next: slipway -f 'deep er/prod.yaml' hosts trust\n");
    expect((await rig.run(["validate", "-f", "deep er/prod.yaml"])).code).toBe(0);
  });

  test("prints the file's name as data", async () => {
    const flags = ["init", "--name", "prod", "--control-planes", "cp-1=10.0.0.21"];
    expect(JSON.parse((await rig.run([...flags, "-o", "json"])).stdout)).toEqual({ file: "cluster.yaml" });
    expect(parse((await rig.run([...flags, "-o", "yaml", "--force"])).stdout)).toEqual({ file: "cluster.yaml" });
  });

  test("does not overwrite a file by itself", async () => {
    const path = rig.file("cluster.yaml", "mine\n");
    const flags = ["init", "--name", "prod", "--control-planes", "cp-1=10.0.0.21"];
    const refused = await rig.run(flags);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain("usage/file-exists");
    expect(readFileSync(path, "utf8")).toBe("mine\n");
    expect((await rig.run([...flags, "--force"])).code).toBe(0);
    expect(readFileSync(path, "utf8")).toContain("name: prod");
  });

  test.each([
    [[], "--name, --control-planes missing, and there is no terminal to ask on"],
    [["--name", "prod"], "--control-planes missing"],
    [["--name", "prod", "--control-planes", three], "--load-balancers with --vip, or --endpoint, missing"],
    [["--name", "prod", "--control-planes", three, "--load-balancers", "lb-1=10.0.0.11"], "--vip missing"],
    [["--name", "prod", "--control-planes", "cp-1=10.0.0.21,cp-2"], '"cp-2" is not name=address'],
  ])("asks for what is missing from %j", async (flags, says) => {
    const end = await rig.run(["init", ...flags]);
    expect(end).toMatchObject({ code: 2, stdout: "" });
    expect(end.stderr).toContain("usage/init-incomplete");
    expect(end.stderr).toContain(says);
    expect(() => readFileSync(join(rig.folder, "cluster.yaml"))).toThrow("ENOENT");
  });

  test.each([
    [["--name", "Bad Name", "--control-planes", "cp-1=10.0.0.21"], "config/invalid-value"],
    [["--name", "prod", "--control-planes", "cp-1=10.0.0.300"], "config/"],
    [["--name", "prod", "--control-planes", "cp-1=10.0.0.21,cp-2=10.0.0.22", "--endpoint", "a.b"], "config/even-etcd"],
    [["--name", "prod", "--control-planes", three, ...balanced.with(3, "10.0.0.10/99")], "config/out-of-range"],
    [["--name", "prod", "--control-planes", "$(id)=10.0.0.1"], "config/"],
    [["--name", "prod", "--control-planes", "cp-1=10.0.0.21", "--kubernetes-version", "latest"], "config/"],
  ])("refuses %j, which makes no cluster, and writes nothing", async (flags, code) => {
    const end = await rig.run(["init", ...flags]);
    expect(end).toMatchObject({ code: 2, stdout: "" });
    expect(end.stderr).toContain(code);
    expect(end.stderr).toContain("cluster.yaml (not written):");
    expect(() => readFileSync(join(rig.folder, "cluster.yaml"))).toThrow("ENOENT");
  });
});
