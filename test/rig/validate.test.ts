import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, symlinkSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { cliRig, repository } from "../support/cli-rig.ts";

const rig = cliRig();
afterAll(() => rig[Symbol.dispose]());

const examples = readdirSync(join(repository, "examples")).map((name) =>
  join(repository, "examples", name, "cluster.yaml"),
);

/** Also the example of docs/getting-started.md. */
const broken = readFileSync(join(repository, "test/cases/rig/broken.yaml"), "utf8");

describe("validate", () => {
  test.each(examples)("finds nothing wrong with %s", async (example) => {
    const { code, stdout, stderr } = await rig.run(["validate", "-f", example]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/is valid: cluster [a-z-]+, \d+ hosts?\n$/);
  });

  test("tells all errors of a file at once, each with its place, value, rule and fix", async () => {
    rig.file("broken.yaml", broken);
    const end = await rig.run(["validate", "-f", "broken.yaml"]);
    expect(end).toMatchObject({ code: 2, stdout: "" });
    expect(end.stderr).toMatchInlineSnapshot(`
      "spec.endpoint.virtualIP has no address                                          config/missing-field
        at       broken.yaml:7:5
                 7 |     virtualIP: { adress: 10.0.0.11, prefix: 24 }
                   |     ^^^^^^^^^
        because  address is required. The virtual IP: a free address in the load balancers' subnet.
        hint     add address: 10.0.0.10

      spec.endpoint.virtualIP has no field "adress"                                   config/unknown-field
        at       broken.yaml:7:18
                 7 |     virtualIP: { adress: 10.0.0.11, prefix: 24 }
                   |                  ^^^^^^
        because  "adress" is not in the format slipway.dev/v1alpha1
        hint     did you mean address

      host cp-2: roles[1] is not one of its values                                    config/invalid-value
        at       broken.yaml:11:64
                 11 |     - { name: cp-2, address: 10.0.0.21, roles: [control-plane, etdc] }
                    |                                                                ^^^^
        because  found "etdc"; wanted load-balancer, etcd, control-plane, worker
        hint     did you mean etcd

      3 problems
      "
    `);
  });

  test("tells warnings in full; other commands tell them in a line", async () => {
    const hosts = ["--control-planes", "cp-1=10.0.0.1", "--etcd", "e-1=10.0.0.5"];
    const init = ["init", "--name", "few", ...hosts, "-f", "few.yaml"];
    expect((await rig.run(init)).code).toBe(0);
    const file = readFileSync(join(rig.folder, "few.yaml"), "utf8");
    const two = ["a", "b"].map((name, at) => `{ name: ${name}, address: 10.0.0.${at + 2}, roles: [control-plane] }`);
    rig.file(
      "few.yaml",
      file.replace(
        /^( *)hosts:$/m,
        `$1endpoint: { external: { address: 10.0.0.9 } }\n$1hosts:\n$1  - ${two.join("\n$1  - ")}`,
      ),
    );
    const validate = await rig.run(["-f", "few.yaml", "validate"]);
    expect(validate.code).toBe(0);
    expect(validate.stderr).toMatch(/config\/single-etcd-member \(warning\)\n {2}at {7}few\.yaml:/);
    const runs = await rig.run(["-f", "few.yaml", "runs", "list"]);
    expect(runs.stderr).toMatch(
      /^warning: .* \(config\/single-etcd-member\)\ndetails {2}slipway -f few\.yaml validate\n\n$/,
    );
  });

  test("says the same as JSON and as YAML", async () => {
    const [example = ""] = examples;
    const [json, yaml] = await Promise.all(
      ["json", "yaml"].map((format) => rig.run(["validate", "-f", example, "-o", format])),
    );
    expect(JSON.parse(json?.stdout ?? "")).toEqual(parse(yaml?.stdout ?? ""));
    expect(JSON.parse(json?.stdout ?? "")).toMatchObject({ file: example, valid: true, problems: [], warnings: [] });
  });
});

describe("validate for machines", () => {
  test.each([
    [
      "a file with errors",
      "broken-data.yaml",
      ["config/missing-field", "config/unknown-field", "config/invalid-value"],
    ],
    ["no file", "nowhere.yaml", ["usage/no-cluster-file"]],
  ])("tells what is wrong with %s as data, with 2", async (_title, file, codes) => {
    rig.file("broken-data.yaml", broken);
    const [json, yaml] = await Promise.all(
      ["json", "yaml"].map((format) => rig.run(["validate", "-f", file, "-o", format])),
    );
    expect(json).toMatchObject({ code: 2, stderr: "" });
    expect(yaml).toMatchObject({ code: 2, stderr: "" });
    const result = JSON.parse(json?.stdout ?? "");
    expect(result).toMatchObject({ file, valid: false, cluster: null, hosts: null, specDigest: null, warnings: [] });
    expect(result.problems.map((one: { code: string }) => one.code)).toEqual(codes);
    expect(parse(yaml?.stdout ?? "")).toEqual(result);
  });
});

describe("a hostile cluster file", () => {
  const many = (text: string, times: number) => text.repeat(times);
  const sockets: ReturnType<typeof createServer>[] = [];
  afterAll(() => {
    for (const one of sockets) one.close();
  });

  test.each<[title: string, make: () => string | Promise<string>, says: string]>([
    ["that is not there", () => "nowhere.yaml", "there is no such file"],
    ["without a name", () => "", "there is no such file"],
    ["in a file as folder", () => join(rig.file("plain", "x"), "cluster.yaml"), "a part of its path is not a folder"],
    ["whose name steers a terminal", () => "\u001b[2J\u001b]0;x\u0007", "\\x1b[2J\\x1b]0;x\\x07"],
    ["whose name is too long", () => many("n", 300), "its name is too long"],
    ["that is a folder", () => folder("folder"), "it is a folder"],
    ["that links to itself", () => linkLoop("loop.yaml"), "its symbolic links lead in a circle"],
    ["that is a socket", () => socket("socket"), "it is a socket"],
    ["that is a pipe nobody writes to", () => pipe("pipe"), "nobody wrote to this pipe for 10 s"],
    ["without an end", () => "/dev/zero", "the limit is 16777216"],
    ["of random bytes without an end", () => "/dev/urandom", "the limit is 16777216"],
    ["that is empty", () => "/dev/null", "config/"],
    ["of 20 MB", () => rig.file("large.yaml", many("# filler\n", 2_300_000)), "config/file-too-large"],
    ["of 20 GB of nothing", () => sparse("sparse.yaml"), "config/file-too-large"],
    ["of zero bytes", () => rig.file("zeros.yaml", new Uint8Array(10_000)), "config/"],
    [
      "of bytes that are no text",
      () =>
        rig.file(
          "binary.yaml",
          Uint8Array.from({ length: 5000 }, (_, n) => n * 7),
        ),
      "config/",
    ],
    ["in UTF-16", () => rig.file("utf16.yaml", Buffer.from(`\ufeff${broken}`, "utf16le")), "config/"],
    ["of one line of 5 MB", () => rig.file("line.yaml", `a: ${many("b", 5_000_000)}`), "config/"],
    ["of ten thousand brackets", () => rig.file("deep.yaml", many("[", 10_000)), "config/"],
    ["with an alias bomb", () => rig.file("bomb.yaml", bomb()), "config/"],
    ["that is a list", () => rig.file("list.yaml", "- a\n- b\n"), "config/"],
    ["that is JSON of something else", () => rig.file("other.json", '{"kind": "Pod"}'), "config/"],
    [
      "with terminal commands in it",
      () => rig.file("steer.yaml", 'kind: "\\e[31mred"\n? "\\e]0;t\\a"\n: 1\n'),
      "config/",
    ],
    ["with two documents", () => rig.file("two.yaml", `${broken}---\n${broken}`), "config/"],
  ])("%s gives an error, and nothing else", async (_title, make, says) => {
    const end = await rig.run(["validate", "-f", await make()]);
    expect(end).toMatchObject({ code: 2, signal: null, stdout: "" });
    expect(end.stderr).toContain(says);
    expect(end.stderr).not.toMatch(/ at .*\.(js|ts):\d+|bug in Slipway/);
    expect([...end.stderr].filter((character) => character < " " && character !== "\n")).toEqual([]);
    expect(end.stderr.length).toBeLessThan(100_000);
  });

  test("given through a pipe that somebody writes to is read to its end", async () => {
    const path = pipe("served");
    const [example = ""] = examples;
    const writer = rig.run(["-f", path, "validate"]);
    execFileSync("sh", ["-c", 'cat "$1" > "$2"', "sh", example, path]);
    expect(await writer).toMatchObject({ code: 0, stderr: "" });
  });

  function folder(name: string): string {
    mkdirSync(join(rig.folder, name));
    return name;
  }

  function linkLoop(name: string): string {
    symlinkSync(name, join(rig.folder, name));
    return name;
  }

  function pipe(name: string): string {
    const path = join(rig.folder, name);
    execFileSync("mkfifo", [path]);
    return path;
  }

  async function socket(name: string): Promise<string> {
    const path = join(rig.folder, name);
    const server = createServer();
    sockets.push(server);
    await new Promise<void>((resolve) => server.listen(path, () => resolve()));
    return path;
  }

  function sparse(name: string): string {
    const path = rig.file(name, "");
    const handle = openSync(path, "w");
    writeSync(handle, "x", 20e9);
    closeSync(handle);
    return path;
  }

  function bomb(): string {
    const lines = Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [${many(`*a${n},`, 10)}]`);
    return `a0: &a0 x\n${lines.join("\n")}\n`;
  }
});
