import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliRig, cliRig, closedPorts, hasProgram, slipway, unreachableCluster } from "../support/cli-rig.ts";

const rig: CliRig = cliRig();
afterAll(() => rig[Symbol.dispose]());
beforeAll(async () => {
  rig.file("cluster.yaml", unreachableCluster(await closedPorts(4)));
});

/** What the command line prints on a terminal of its own, made by util-linux' script, and its exit code. */
function onTerminal(command: string, env: Readonly<Record<string, string>> = {}, columns = 100) {
  const line = `stty rows 40 cols ${columns}; exec '${process.execPath}' '${slipway}' ${command}`;
  const run = spawnSync("script", ["--quiet", "--return", "--command", line, "/dev/null"], {
    encoding: "utf8",
    cwd: rig.folder,
    input: "",
    timeout: 60_000,
    env: { PATH: process.env.PATH, HOME: rig.home, TERM: "xterm-256color", SHELL: "/bin/sh", ...env },
  });
  return { code: run.status, text: run.stdout };
}

const noTerminal = "script of util-linux is not installed";
const escapeCode = "\u001b[";

describe("colours", () => {
  test("are printed on a terminal that wants them, and nowhere else", async ({ skip }) => {
    skip(!hasProgram("script"), noTerminal);
    expect(onTerminal("plan").text).toContain(escapeCode);
    expect(onTerminal("plan", { NO_COLOR: "1" }).text).not.toContain(escapeCode);
    expect(onTerminal("plan", { TERM: "dumb" }).text).not.toContain(escapeCode);
    expect(onTerminal("plan", { NO_COLOR: "" }).text).toContain(escapeCode);
    expect((await rig.run(["plan"])).stdout).not.toContain(escapeCode);
    expect((await rig.run(["plan"], { env: { FORCE_COLOR: "1" } })).stdout).toContain(escapeCode);
    expect((await rig.run(["plan"], { env: { FORCE_COLOR: "0" } })).stdout).not.toContain(escapeCode);
  });
});

describe("a terminal", () => {
  test("gets lines of its own width, whatever that is", ({ skip }) => {
    skip(!hasProgram("script"), noTerminal);
    for (const columns of [40, 72, 200]) {
      const { code, text } = onTerminal("plan", { NO_COLOR: "1" }, columns);
      expect(code).toBe(5);
      // Commands to paste are not broken: on a slow machine a host may not have answered, and the hint is "ssh -v -p".
      const prose = text.split(/\r?\n/).filter((line) => !/ssh (?:-v )?-p|\S{30}/.test(line));
      expect(Math.max(...prose.map((line) => line.length))).toBeLessThanOrEqual(columns);
    }
  });

  test("without a size is taken for one of 80 columns", ({ skip }) => {
    skip(!hasProgram("script"), noTerminal);
    for (const command of ["plan", "--help", "-f nowhere.yaml plan"]) {
      const { text } = onTerminal(command, { NO_COLOR: "1" }, 0);
      expect(text).toBe(onTerminal(command, { NO_COLOR: "1" }, 80).text);
      expect(text).not.toBe(onTerminal(command, { NO_COLOR: "1" }, 100).text);
    }
  });

  test.for<[title: string, keys: readonly string[], code: number, isWritten: boolean, says?: string]>([
    ["Ctrl-C at the first question", ["\u0003"], 130, false],
    ["a wrong answer and Ctrl-C", ["prod\r", "nonsense\r", "\u0003"], 130, false, "Write name=address"],
    ["a bad name and Ctrl-C", ["Bad Name\r", "\u0003"], 130, false, "Bad Name is not a cluster name"],
    [
      "an even number of control planes and Ctrl-C",
      ["prod\r", "a=10.0.0.1,b=10.0.0.2\r", "\u0003"],
      130,
      false,
      "2 are no better than 1",
    ],
    ["answers for one host", ["prod\r", "cp-1=10.0.0.1\r", "\r", "\r", "\r"], 0, true],
  ])("on which 'init' asks: %s", async ([title, keys, code, isWritten, says = ""], { skip }) => {
    skip(!hasProgram("script"), noTerminal);
    const file = `${title}.yaml`.replaceAll(" ", "-");
    const line = `stty rows 40 cols 100; exec '${process.execPath}' '${slipway}' init -f ${file}`;
    const child = spawn("script", ["--quiet", "--return", "--command", line, "/dev/null"], {
      cwd: rig.folder,
      env: { PATH: process.env.PATH, HOME: rig.home, TERM: "xterm", SHELL: "/bin/sh" },
    });
    const waiting = [...keys];
    let since = "";
    let all = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      since += text;
      all += text;
      // A question, drawn to its last line, waits for its answer; so does an answer that was not taken.
      if (!/[◆▲][\s\S]*└/.test(since)) return;
      since = "";
      child.stdin.write(waiting.shift() ?? "\u0003");
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
    const ended = await new Promise((resolve) => child.on("close", resolve));
    clearTimeout(timer);
    expect(ended).toBe(code);
    expect(all).toContain(says);
    expect(existsSync(join(rig.folder, file))).toBe(isWritten);
    if (isWritten) expect((await rig.run(["validate", "-f", file])).code).toBe(0);
  });
});

describe("output that cannot be written", () => {
  test("because its reader left is not told, and breaks nothing", () => {
    for (const command of ["--help", "schema", "plan -o json", "plna"]) {
      const run = spawnSync("bash", ["-c", `'${process.execPath}' '${slipway}' ${command} | true`], {
        encoding: "utf8",
        cwd: rig.folder,
        env: { PATH: process.env.PATH, HOME: rig.home },
      });
      expect(run.stdout + run.stderr).not.toMatch(/EPIPE|bug in Slipway/);
    }
  });

  test("because the disk is full is told, with another code than 0", () => {
    const run = spawnSync("bash", ["-c", `'${process.execPath}' '${slipway}' schema > /dev/full`], {
      encoding: "utf8",
    });
    expect(run.status).toBe(2);
    expect(run.stderr).toContain("usage/output-lost");
    expect(run.stderr).not.toContain("node:internal");
  });
});

/** A Node in PATH that is too old for the program; empty where there is none. */
function olderNode(): string {
  const all = spawnSync("which", ["-a", "node"], { encoding: "utf8" }).stdout.trim().split("\n");
  return all.find((one) => Number(spawnSync(one, ["-p", "parseInt(process.versions.node)"]).stdout) < 24) ?? "";
}
const noOlderNode = "no older Node is in PATH";

describe("Ctrl-C", () => {
  let server: Server;
  let onConnection: () => void = () => undefined;
  beforeAll(async () => {
    // Takes connections and never says a word, as a host that hangs does.
    server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      onConnection();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    rig.file("hanging.yaml", unreachableCluster([port, ...(await closedPorts(3))]));
  });
  afterAll(() => {
    server.close();
  });

  /** An apply that asks a host which never answers, by a Node of its own. */
  async function hangingApply(node: string) {
    const connected = new Promise<void>((resolve) => {
      onConnection = resolve;
    });
    const child = spawn(node, [slipway, "-f", "hanging.yaml", "apply", "--yes"], {
      cwd: rig.folder,
      stdio: "ignore",
      env: { PATH: process.env.PATH, HOME: rig.home },
    });
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      child.on("exit", (code, signal) => resolve({ code, signal }));
    });
    await connected;
    return { child, ended };
  }

  test("while hosts are asked ends at once, before anything was started", async () => {
    const { child, ended } = await hangingApply(process.execPath);
    child.kill("SIGINT");
    expect(await ended).toEqual({ code: 130, signal: null });
    expect((await rig.run(["-f", "hanging.yaml", "runs", "list"])).stdout).toBe("No runs of cluster away yet\n");
  });

  test("by kill reaches the program behind the one that was started, and so does its death", async ({ skip }) => {
    const older = olderNode();
    skip(older === "", noOlderNode);
    const interrupted = await hangingApply(older);
    interrupted.child.kill("SIGINT");
    expect(await interrupted.ended).toEqual({ code: 130, signal: null });

    const killed = await hangingApply(older);
    const { pid } = killed.child;
    const behind = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }).stdout.trim();
    expect(behind).toMatch(/^[0-9]+$/);
    killed.child.kill("SIGKILL");
    expect(await killed.ended).toEqual({ code: null, signal: "SIGKILL" });
    await expect.poll(() => existsSync(`/proc/${behind}`), { timeout: 20_000 }).toBe(false);
  });
});

describe("the program on an older Node", () => {
  test("says what it needs, or goes on with the one that came with it", ({ skip }) => {
    const older = olderNode();
    skip(older === "", noOlderNode);
    const run = spawnSync(older, [slipway, "--version"], { encoding: "utf8", env: { SLIPWAY_PINNED_NODE: "1" } });
    expect(run).toMatchObject({ status: 2, stdout: "" });
    expect(run.stderr).toContain("slipway needs Node 24 or newer");
    const handedOn = spawnSync(older, [slipway, "plna"], { encoding: "utf8", env: { PATH: process.env.PATH } });
    expect(handedOn.status).toBe(2);
    expect(handedOn.stderr).toContain("did you mean plan?");
  });
});
