import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localHost, localHosts } from "../../test/support/local-shells.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import type { CommandResult, HostName } from "./port.ts";
import { Secret } from "./secret.ts";
import { type ShellProcess, spawnShell } from "./shell-process.ts";
import type { OpenShell } from "./ssh-dialer.ts";
import type { SshHosts } from "./ssh-hosts.ts";
import type { ObservedCommand } from "./ssh-session.ts";
import type { SshTarget } from "./ssh-target.ts";

const sh: OpenShell = (args) => spawnShell("sh", ["-c", args.at(-1) ?? ""]);
const opened: SshHosts[] = [];
let dir: string;

function hostsOver(open: OpenShell, options: Parameters<typeof localHosts>[1] = {}): SshHosts {
  const hosts = localHosts(open, options);
  opened.push(hosts);
  return hosts;
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "slipway-session-"));
});
afterEach(async () => {
  for (const hosts of opened.splice(0)) await hosts.close();
  rmSync(dir, { recursive: true, force: true });
});

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const error = await promise.then(
    () => new Error("it succeeded"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProblemError)) throw error;
  return error.problem;
}

const echo = (text: string) => [{ kind: "run", argv: ["echo", text] }] as const;

test("reads and changes of one turn are carried out in the order they were asked for", async () => {
  const session = hostsOver(sh).session(localHost);
  const path = join(dir, "file");
  const append = (text: string) => session.change({ kind: "run", argv: ["sh", "-c", 'cat >>"$0"', path], stdin: text });
  const [, [first], , [second]] = await Promise.all([
    append("a"),
    session.read([{ kind: "content", path }]),
    append("b"),
    session.read([{ kind: "content", path }]),
  ]);
  expect(first).toMatchObject({ bytes: Buffer.from("a") });
  expect(second).toMatchObject({ bytes: Buffer.from("ab") });
});

test("reads that are asked for while another is on its way become one round trip", async () => {
  const hosts = hostsOver(sh);
  const session = hosts.session(localHost);
  await session.read(echo("open"));
  const slow = session.read([{ kind: "run", argv: ["sleep", "0.2"] }]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const later = ["a", "b", "c"].map((text) => session.read(echo(text)));
  await Promise.all([slow, ...later]);
  expect(hosts.usage()).toEqual({ connections: 1, roundTrips: 3 });
});

test("a read that is not answered in time is named, and the next one gets a new shell", async () => {
  const hosts = hostsOver(sh, { answerWithinMs: 300 });
  const session = hosts.session(localHost);
  const problem = await problemOf(session.read([...echo("x"), { kind: "run", argv: ["sleep", "5"] }]));
  expect(problem).toMatchObject({ code: "ssh/no-answer", because: 'no answer to "sleep 5" within 0.3 s' });
  expect(await session.read(echo("y"))).toMatchObject([{ stdout: Buffer.from("y\n") }]);
  expect(hosts.usage().connections).toBe(2);
});

test("closing fails what is queued, and nothing is sent afterwards", async () => {
  const hosts = hostsOver(sh);
  const session = hosts.session(localHost);
  await session.read(echo("open"));
  const running = problemOf(session.read([{ kind: "run", argv: ["sleep", "3"] }]));
  const queued = problemOf(session.change({ kind: "write", path: join(dir, "never"), content: "", mode: 0o644 }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await hosts.close();
  expect((await running).code).toBe("ssh/connection-closed");
  expect((await queued).code).toBe("ssh/connection-closed");
  expect((await problemOf(session.read(echo("late")))).code).toBe("ssh/connection-closed");
  expect(() => readFileSync(join(dir, "never"))).toThrow("ENOENT");
});

test("a change that is aborted while its connection is being made is never sent", async () => {
  const slow: OpenShell = (args) => spawnShell("sh", ["-c", `sleep 0.3; ${args.at(-1) ?? ""}`]);
  const session = hostsOver(slow).session(localHost);
  const controller = new AbortController();
  const path = join(dir, "never");
  const change = session.change({ kind: "write", path, content: "x", mode: 0o644 }, controller.signal);
  await new Promise((resolve) => setTimeout(resolve, 50));
  controller.abort(new Error("enough"));
  await expect(change).rejects.toThrow("enough");
  expect(await session.read([{ kind: "stat", path }])).toEqual([{ kind: "missing", exists: false }]);
});

test("a connection that is dropped in the handshake is tried again", async () => {
  let tries = 0;
  const dropping: OpenShell = (args) => {
    tries += 1;
    if (tries > 2) return sh(args);
    return spawnShell("sh", [
      "-c",
      "echo 'kex_exchange_identification: Connection closed by remote host' >&2; exit 255",
    ]);
  };
  const hosts = hostsOver(dropping);
  expect(await hosts.session(localHost).read(echo("in"))).toMatchObject([{ stdout: Buffer.from("in\n") }]);
  expect(tries).toBe(3);
});

test("a refusal is reported at once, with what ssh said", async () => {
  let tries = 0;
  const refusing: OpenShell = () => {
    tries += 1;
    return spawnShell("sh", ["-c", "echo 'admin@10.0.0.1: Permission denied (publickey).' >&2; exit 255"]);
  };
  const problem = await problemOf(hostsOver(refusing).session(localHost).read(echo("in")));
  expect(problem.code).toBe("ssh/authentication-failed");
  expect(problem.because).toContain("admin@10.0.0.1 takes publickey");
  expect(tries).toBe(1);
});

test("a shell that never comes is given up", async () => {
  const silent: OpenShell = () => spawnShell("sleep", ["30"]);
  const problem = await problemOf(hostsOver(silent, { connectWithinMs: 300 }).session(localHost).read(echo("x")));
  expect(problem.code).toBe("ssh/unreachable");
});

test("a shell that is not root's is refused, unless that is wanted", async () => {
  const isRoot = process.getuid?.() === 0;
  const drop = isRoot ? ["setpriv", "--reuid=65534", "--clear-groups"] : ["env"];
  const user: OpenShell = (args) => spawnShell(drop[0] ?? "", [...drop.slice(1), "sh", "-c", args.at(-1) ?? ""]);
  const problem = await problemOf(hostsOver(user, { requireRoot: true }).session(localHost).read(echo("x")));
  expect(problem).toMatchObject({ code: "ssh/not-root" });
  expect(problem.because).toContain(isRoot ? "65534" : String(process.getuid?.()));
});

test("a host that was hurried is asked over the connection that was begun", async () => {
  let opened = 0;
  const counting: OpenShell = (args) => {
    opened += 1;
    return sh(args);
  };
  const hosts = hostsOver(counting);
  hosts.hurry([localHost, localHost]);
  expect(opened).toBe(1);
  expect(hosts.usage()).toEqual({ connections: 0, roundTrips: 0 });
  const [answer] = await hosts.session(localHost).read(echo("x"));
  expect(answer).toMatchObject({ exitCode: 0, stdout: Buffer.from("x\n") });
  expect(opened).toBe(1);
  expect(hosts.usage()).toEqual({ connections: 1, roundTrips: 1 });
});

test("a hurried connection that is gone before it is used is made again", async () => {
  const begun: ShellProcess[] = [];
  const first: OpenShell = (args) => {
    const process = begun.length === 0 ? spawnShell("false", []) : sh(args);
    begun.push(process);
    return process;
  };
  const hosts = hostsOver(first);
  hosts.hurry([localHost]);
  await begun[0]?.ended;
  expect((await hosts.session(localHost).read(echo("x")))[0]).toMatchObject({ exitCode: 0 });
  expect(begun.length).toBe(2);
});

test("a hurried connection that fails is told like any other", async () => {
  const refused: OpenShell = () =>
    spawnShell("sh", ["-c", "echo 'admin@10.0.0.1: Permission denied (publickey).' >&2; exit 255"]);
  const hosts = hostsOver(refused);
  for (const waitMs of [0, 20, 100, 400]) {
    hosts.hurry([localHost]);
    await pause(waitMs);
    expect((await problemOf(hosts.session(localHost).read(echo("x")))).code).toBe("ssh/authentication-failed");
  }
});

test("a hurried connection that nobody used ends with the run", async () => {
  const begun: ShellProcess[] = [];
  const waiting: OpenShell = () => {
    const process = spawnShell("sleep", ["60"]);
    begun.push(process);
    return process;
  };
  const hosts = hostsOver(waiting);
  hosts.hurry([localHost]);
  await hosts.close();
  expect((await begun[0]?.ended)?.signal).toBe("SIGKILL");
});

test.each<[title: string, jump: string | undefined, count: number, maxConnections: number]>([
  ["behind a jump host", "jump", 20, 8],
  ["reached directly", undefined, 70, 32],
])(
  "hosts that were not hurried do not wait for hurried ones that come after them: %s",
  async (_title, jump, count, maxConnections) => {
    const names = Array.from({ length: count }, (_, index) => `h-${index}` as HostName);
    const target: SshTarget = { host: "localhost", sudo: "none", ...(jump !== undefined && { proxyJump: jump }) };
    const hosts = hostsOver(sh, { targets: new Map(names.map((name) => [name, target])), maxConnections });
    hosts.hurry(names);
    const answers = await Promise.all(names.toReversed().map((name) => hosts.session(name).read(echo(name))));
    expect(answers.map(([answer]) => (answer as CommandResult).stdout.toString().trim())).toEqual(names.toReversed());
    expect(hosts.usage().connections).toBe(count);
  },
);

test("only a shell that changes something is made to outlive its connection, and once", async () => {
  const hosts = hostsOver(sh);
  const session = hosts.session(localHost);
  const change = () => session.change({ kind: "run", argv: ["true"] });
  const trips: number[] = [];
  for (const ask of [() => session.read(echo("x")), change, change]) {
    await ask();
    trips.push(hosts.usage().roundTrips);
  }
  expect(trips).toEqual([1, 4, 5]);
  expect(hosts.usage().connections).toBe(1);
});

test("an observer sees every command, and no secret", async () => {
  const seen: ObservedCommand[] = [];
  const session = hostsOver(sh, { onCommand: (command) => seen.push(command) }).session(localHost);
  await session.read([{ kind: "stat", path: "/" }, ...echo("hello")]);
  await session.read([{ kind: "run", argv: ["cat"], stdin: new Secret("hunter2") }]);
  await session.change({ kind: "run", argv: ["cat"], stdin: new Secret("hunter2") });
  await session.change({ kind: "upload", localPath: "/dev/null", path: join(dir, "u"), mode: 0o644 });
  await session.change({ kind: "write", path: join(dir, "f"), content: new Secret("hunter2"), mode: 0o600 });
  expect(seen.map(({ kind, shown }) => `${kind}: ${shown}`)).toEqual([
    "read: stat /",
    "read: echo hello",
    "read: cat < ***",
    "change: cat < ***",
    `change: upload /dev/null ${join(dir, "u")} (0644)`,
    `read: stat ${join(dir, "u")}`,
    `read: sha256sum ${join(dir, "u")}`,
    `change: write ${join(dir, "f")} (0600, secret)`,
  ]);
});

test("a login shell that prints before it obeys does no harm", async () => {
  const chatty: OpenShell = (args) =>
    spawnShell("sh", ["-c", `echo welcome; echo 0 news; echo noise >&2; ${args.at(-1) ?? ""}`]);
  const session = hostsOver(chatty).session(localHost);
  const [answer] = await session.read(echo("clean"));
  expect(answer).toMatchObject({ exitCode: 0, stdout: Buffer.from("clean\n"), stderr: Buffer.alloc(0) });
});

test("equal reads of one batch are sent once", async () => {
  const session = hostsOver(sh).session(localHost);
  const run = { kind: "run", argv: ["sh", "-c", `echo x >>${join(dir, "count")}`] } as const;
  await Promise.all([session.read([run, run]), session.read([run])]);
  expect(readFileSync(join(dir, "count"), "utf8")).toBe("x\n");
});

test("a thousand files are one round trip", async () => {
  const hosts = hostsOver(sh);
  const reads = Array.from({ length: 1000 }, (_, index) => join(dir, `no such file with a long name ${index}`));
  const answers = await hosts
    .session(localHost)
    .read(reads.flatMap((path) => [{ kind: "stat", path } as const, { kind: "digest", path } as const]));
  expect(new Set(answers.map((answer) => answer.kind))).toEqual(new Set(["missing"]));
  expect(hosts.usage()).toEqual({ connections: 1, roundTrips: 1 });
});

test("the result of a command says how long it took", async () => {
  const session = hostsOver(sh).session(localHost);
  const [, slow] = await session.read([...echo("x"), { kind: "run", argv: ["sleep", "0.2"] }]);
  expect((slow as CommandResult).durationMs).toBeGreaterThanOrEqual(150);
});

test("a question the host cannot answer at this moment is asked again, and only that one", async () => {
  const asked: string[] = [];
  const hosts = hostsOver(sh, { onCommand: ({ shown }) => asked.push(shown) });
  const path = join(dir, "tries");
  const script =
    'echo x >>"$0"; [ "$(wc -l <"$0")" -ge 3 ] && echo here && exit; echo Connection reset by peer >&2; exit 1';
  const argv = ["sh", "-c", script, path];
  const [away, echoed, refused] = await hosts
    .session(localHost)
    .read([
      { kind: "run", argv, passing: ["Connection reset by peer"] },
      ...echo("once"),
      { kind: "run", argv: ["sh", "-c", "echo x; exit 1"], passing: ["Connection reset by peer"] },
    ]);
  expect(away).toMatchObject({ exitCode: 0, stdout: Buffer.from("here\n") });
  expect(echoed).toMatchObject({ stdout: Buffer.from("once\n") });
  expect(refused).toMatchObject({ exitCode: 1 });
  expect(readFileSync(path, "utf8")).toBe("x\nx\nx\n");
  expect(hosts.usage().roundTrips).toBe(3);
});
