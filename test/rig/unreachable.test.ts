import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { cliRig, closedPorts, hasProgram, unreachableCluster } from "../support/cli-rig.ts";

const rig = cliRig();
afterAll(() => rig[Symbol.dispose]());

const hosts = ["lb-1", "lb-2", "cp-1", "w-1"];
beforeAll(async () => {
  expect(hasProgram("ssh")).toBe(true);
  rig.file("cluster.yaml", unreachableCluster(await closedPorts(hosts.length)));
});

/** The problems that say hosts are out of reach: their names, folded. */
function told(text: string): readonly string[] {
  return [...text.matchAll(/^ *(\S.*): it cannot be reached {2}/gm)].map((match) => match[1] ?? "");
}

describe("hosts that cannot be reached", () => {
  test.each(["plan", "preflight", "status", "hosts trust", "apply --yes"])(
    "are one problem for '%s', which exits with 5",
    async (command) => {
      const { code, stdout, stderr } = await rig.run(command.split(" "));
      expect(code).toBe(5);
      expect(told(stdout + stderr)).toEqual(["cp-1, lb-1, lb-2, w-1"]);
      expect(stdout + stderr).toMatch(/because {2}<address>: ssh: connect to host <address>: Connection\s+refused/);
    },
  );

  test("are told by 'etcd members' and 'etcd health' as far as they are etcd's, with 5", async () => {
    for (const command of ["members", "health"]) {
      const { code, stdout } = await rig.run(["etcd", command]);
      expect(code).toBe(5);
      expect(stdout).toContain("No etcd member answers");
      expect(told(stdout)).toEqual(["cp-1"]);
    }
  });

  test("that are not asked are not missed", async () => {
    const { code, stdout } = await rig.run(["plan", "--through", "runtime", "--limit", "w-1"]);
    expect(code).toBe(5);
    expect(told(stdout)).toEqual(["w-1"]);
    expect(stdout).toContain("No host answered: 1 host not reached");
  });

  test("keep apply from starting, also with --continue-on-error", async () => {
    const plain = await rig.run(["apply", "--yes"]);
    expect(plain.stderr).toContain("Nothing was changed.");
    const on = await rig.run(["apply", "--yes", "--continue-on-error"]);
    expect(on.code).toBe(5);
    expect(on.stderr).toContain("engine/lock-hosts-unreachable");
    expect((await rig.run(["runs", "list"])).stdout).toBe("No runs of cluster away yet\n");
    expect(existsSync(join(rig.folder, ".slipway/away/vault"))).toBe(false);
  });

  test("are in a saved plan too, which then refuses to be applied", async () => {
    expect((await rig.run(["plan", "--out", "plan.json"])).code).toBe(5);
    const applied = await rig.run(["apply", "plan.json"]);
    expect(applied.code).toBe(5);
  });
});

describe("an identity file that is not there", () => {
  let programs: string;
  beforeAll(async () => {
    const file = unreachableCluster(await closedPorts(hosts.length));
    const missing = file.replace("ssh: { user: root }", "ssh: { user: root, identityFile: keys/id_none }");
    rig.file("keyless/cluster.yaml", missing);
    rig.file("keyless/keys/id_own", "");
    rig.file(
      "keyless/own.yaml",
      missing.replace(/(name: w-1.*ssh: \{)/, "$1 identityFile: keys/id_own,").replace("name: away", "name: own"),
    );
    // Nothing is sent to a host that nobody can log in to.
    programs = join(rig.folder, "keyless", "programs");
    rig.file("keyless/programs/ssh", `#!/bin/sh\ntouch '${join(programs, "called")}'\nexit 255\n`);
    chmodSync(join(programs, "ssh"), 0o755);
  });
  const call = () => ({ env: { PATH: `${programs}:${process.env.PATH}` } });

  test.each(["plan", "preflight", "status", "apply --yes"])("is one problem for '%s'", async (command) => {
    const { code, stdout, stderr } = await rig.run(["-f", "keyless/cluster.yaml", ...command.split(" ")], call());
    expect(code).toBe(5);
    expect(stdout + stderr).toMatch(
      /^ *cp-1, lb-1, lb-2, w-1: the key to log in with is not there {2,}ssh\/identity-missing/m,
    );
    expect(stdout + stderr).toMatch(/ssh\.identityFile is keyless\/keys\/id_none, and there is no such file/);
    expect(existsSync(join(programs, "called"))).toBe(false);
  });

  test("of a lab that is not up is answered by 'slipway lab up'", async () => {
    const labs = join(rig.folder, "keyless", "labs");
    const text = unreachableCluster(await closedPorts(hosts.length));
    const lab = text.replace("ssh: { user: root }", `ssh: { user: root, identityFile: ${labs}/away/id_ed25519 }`);
    rig.file("keyless/lab.yaml", lab);
    for (const command of ["plan", "status"]) {
      const end = await rig.run(["-f", "keyless/lab.yaml", command], { env: { SLIPWAY_LAB_DIR: labs } });
      expect(end.code).toBe(5);
      expect(end.stdout).toMatch(/lab away is\s+not up on this computer/);
      expect(end.stdout).toContain("  slipway -f keyless/lab.yaml lab up\n");
    }
  });

  test("is none of a host that has a file of its own", async () => {
    const { unreachable } = JSON.parse((await rig.run(["-f", "keyless/own.yaml", "plan", "-o", "json"])).stdout);
    const codes = unreachable.map((one: { host: string; problem: { code: string } }) => [one.host, one.problem.code]);
    expect(Object.fromEntries(codes)).toEqual({
      "lb-1": "ssh/identity-missing",
      "lb-2": "ssh/identity-missing",
      "cp-1": "ssh/identity-missing",
      "w-1": "ssh/unreachable",
    });
  });

  test("is not missed by 'validate', which looks at nothing but the file", async () => {
    expect((await rig.run(["-f", "keyless/cluster.yaml", "validate"])).code).toBe(0);
  });
});

describe("what is not on the command line of the file", () => {
  test.each([
    ["plan --through nowhere", "usage/unknown-phase", "the phases are baseline, runtime, load-balancer, etcd"],
    ["plan --limit nobody", "usage/unknown-host", "the hosts are lb-1, lb-2, cp-1, w-1"],
    ["apply --limit nobody", "usage/unknown-host", "the hosts are lb-1, lb-2, cp-1, w-1"],
    ["preflight --limit cp1", "usage/unknown-host", "perhaps cp-1"],
    ["hosts trust lb1", "usage/unknown-host", "perhaps lb-1"],
    ["apply plan.json --limit w-1", "usage/command-line", "a saved plan is applied as a whole"],
    ["apply plan.json --through etcd", "usage/command-line", "a saved plan is applied as a whole"],
    ["apply nowhere.json", "usage/no-plan-file", "there is no such file"],
    ["apply .", "usage/no-plan-file", "it is a folder"],
  ])("'%s' is wrong usage", async (line, code, because) => {
    const end = await rig.run(line.split(" "));
    expect(end).toMatchObject({ code: 2, stdout: "" });
    expect(end.stderr).toContain(code);
    expect(end.stderr).toContain(because);
  });

  test("a cluster file in the place of a saved plan is recognised", async () => {
    const end = await rig.run(["apply", "cluster.yaml"]);
    expect(end.code).toBe(3);
    expect(end.stderr).toContain("slipway apply -f cluster.yaml");
  });

  test.each([
    ["no JSON", "hello", "plan/not-a-plan"],
    ["other JSON", "{}", "plan/not-a-plan"],
    ["a later format", '{"format": "slipway.dev/plan/v9", "plan": {}}', "plan/other-format"],
    ["a plan of nothing", '{"format": "slipway.dev/plan/v1", "plan": {}}', "plan/not-a-plan"],
  ])("%s is no saved plan", async (_title, text, code) => {
    rig.file("bad.json", text);
    const end = await rig.run(["apply", "bad.json"]);
    expect(end).toMatchObject({ code: 3, stdout: "" });
    expect(end.stderr).toContain(code);
  });

  test("an edited plan is refused", async () => {
    await rig.run(["plan", "--out", "plan.json"]);
    const text = readFileSync(join(rig.folder, "plan.json"), "utf8");
    expect(text).toContain("vrrp-password");
    rig.file("edited.json", text.replace("vrrp-password", "vrrp-passwort"));
    const end = await rig.run(["apply", "edited.json"]);
    expect(end.code).toBe(3);
    expect(end.stderr).toContain("plan/edited");
  });
});

describe("a result as data", () => {
  const commands = ["validate", "schema", "preflight", "plan", "apply --yes", "status", "etcd members", "etcd health"];
  test.each([...commands, "runs list", "hosts trust"])("of '%s' is the same in JSON and YAML", async (command) => {
    const [json, yaml] = await Promise.all(
      ["json", "yaml"].map((format) => rig.run([...command.split(" "), "-o", format])),
    );
    const data: unknown = JSON.parse(json?.stdout ?? "");
    // Which of two load balancers is told first, and how long it took, differ between runs.
    const shapeOf = (value: unknown) => JSON.stringify(value).replaceAll(/lb-\d|[\d.]{2,}|\d\b/g, "#");
    expect(shapeOf(parse(yaml?.stdout ?? ""))).toBe(shapeOf(data));
    expect(yaml?.code).toBe(json?.code);
  });

  test("of 'lab list' is a list in both", async () => {
    const [json, yaml] = await Promise.all(["json", "yaml"].map((format) => rig.run(["lab", "list", "-o", format])));
    expect(Array.isArray(JSON.parse(json?.stdout ?? ""))).toBe(true);
    expect(Array.isArray(parse(yaml?.stdout ?? ""))).toBe(true);
  });

  test("names the hosts that are missing", async () => {
    const { unreachable } = JSON.parse((await rig.run(["plan", "-o", "json"])).stdout);
    expect(unreachable.map((one: { host: string }) => one.host)).toEqual(hosts);
    const { steps } = JSON.parse((await rig.run(["plan", "-o", "json"])).stdout);
    expect(steps.length).toBeGreaterThan(0);
  });
});

describe("the home and the folder", () => {
  test("hold nothing afterwards but what the commands are said to leave", () => {
    expect(readdirSync(rig.home)).toEqual([".slipway"]);
    expect(readdirSync(rig.folder).sort()).toEqual([
      ".slipway",
      "bad.json",
      "cluster.yaml",
      "edited.json",
      "keyless",
      "plan.json",
    ]);
  });
});
