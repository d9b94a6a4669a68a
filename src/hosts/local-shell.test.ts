import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LocalShell, localHost, localHosts, localShells } from "../../test/support/local-shells.ts";
import { uploaded } from "../../test/support/uploaded.ts";
import { ProblemError } from "../problems/problem.ts";
import { temporaryPathFor } from "./change-script.ts";
import type { CommandResult, HostSession } from "./port.ts";
import { Secret } from "./secret.ts";
import type { SshHosts } from "./ssh-hosts.ts";

const emptyDigest = createHash("sha256").digest("hex");
const shells = localShells();
afterAll(() => {
  for (const shell of shells) shell.remove();
});

async function problemOf(promise: Promise<unknown>) {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProblemError)) throw new Error(`no problem but ${String(error)}`);
  return error.problem;
}

describe.each(shells.map((shell): [string, LocalShell] => [shell.name, shell]))("a session over %s", (_, shell) => {
  let hosts: SshHosts;
  let session: HostSession;
  let dir: string;

  beforeEach(() => {
    hosts = localHosts(shell.open);
    session = hosts.session(localHost);
    dir = mkdtempSync(join(tmpdir(), "slipway-local-"));
  });
  afterEach(async () => {
    await hosts.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test("answers all kinds of reads of one turn in one round trip", async () => {
    writeFileSync(join(dir, "a"), "alpha\n", { mode: 0o640 });
    mkdirSync(join(dir, "d"));
    const [stats, rest] = await Promise.all([
      session.read([
        { kind: "stat", path: join(dir, "a") },
        { kind: "stat", path: join(dir, "d") },
        { kind: "stat", path: join(dir, "none") },
      ]),
      session.read([
        { kind: "digest", path: join(dir, "a") },
        { kind: "content", path: join(dir, "a") },
        { kind: "run", argv: ["printf", "%s-", "x"], operands: ["y"] },
        { kind: "digest", path: join(dir, "none") },
        { kind: "digest", path: join(dir, "d") },
      ]),
    ]);
    const actual = statSync(join(dir, "a"));
    expect(stats[0]).toMatchObject({ kind: "stat", type: "file", sizeBytes: 6, mode: 0o640 });
    expect(Math.abs((stats[0]?.kind === "stat" ? stats[0].modifiedAt : 0) * 1000 - actual.mtimeMs)).toBeLessThan(1000);
    expect(stats[1]).toMatchObject({ kind: "stat", type: "directory" });
    expect(stats[2]).toEqual({ kind: "missing", exists: false });
    expect(rest[0]).toEqual({ kind: "digest", sha256: createHash("sha256").update("alpha\n").digest("hex") });
    expect(rest[1]).toEqual({ kind: "content", bytes: Buffer.from("alpha\n"), truncated: false });
    expect(rest[2]).toMatchObject({ kind: "result", exitCode: 0, stdout: Buffer.from("x-y-") });
    expect(rest[3]).toEqual({ kind: "missing", exists: false });
    expect(rest[4]).toEqual({ kind: "unreadable", because: "it is a directory" });
    expect(hosts.usage()).toEqual({ connections: 1, roundTrips: 1 });
  });

  test("sets what env would set, for that command alone", async () => {
    const print = ["sh", "-c", 'printf "%s|%s|%s" "$TZ" "$LC_ALL" "$X"'];
    const answers = await session.read([
      { kind: "run", argv: ["env", "TZ=it's $HOME", "LC_ALL=C.UTF-8", ...print] },
      { kind: "run", argv: ["env", "TZ=UTC", "X=1", ...print], timeoutMs: 5000 },
      { kind: "run", argv: ["env", "TZ=UTC", ...print], timeoutMs: 5000 },
      { kind: "run", argv: ["env", "-u", "LC_ALL", "TZ=UTC", ...print] },
      { kind: "run", argv: print },
      { kind: "run", argv: ["env", "LC_ALL=C", "no-such-program"] },
    ]);
    const said = answers.map((answer) => (answer.kind === "result" ? answer.stdout.toString("utf8") : ""));
    const outside = `${process.env.TZ ?? ""}|C|`;
    expect(said).toEqual(["it's $HOME|C.UTF-8|", "UTC|C|1", "UTC|C|", "UTC||", outside, ""]);
    expect(answers[5]).toMatchObject({ exitCode: 127 });
  });

  test("tells a named pipe from a file and does not wait for it", async () => {
    execFileSync("mkfifo", [join(dir, "pipe")]);
    const answers = await session.read([
      { kind: "content", path: join(dir, "pipe") },
      { kind: "digest", path: join(dir, "pipe") },
    ]);
    const unreadable = { kind: "unreadable", because: "it is not a regular file" };
    expect(answers).toEqual([unreadable, unreadable]);
  });

  test("follows symlinks and calls a dangling one missing", async () => {
    writeFileSync(join(dir, "a"), "12345");
    symlinkSync(join(dir, "a"), join(dir, "good"));
    symlinkSync(join(dir, "nowhere"), join(dir, "bad"));
    symlinkSync(join(dir, "loop"), join(dir, "loop"));
    const [good, bad, under, loop] = await session.read([
      { kind: "stat", path: join(dir, "good") },
      { kind: "stat", path: join(dir, "bad") },
      { kind: "stat", path: join(dir, "a", "below") },
      { kind: "stat", path: join(dir, "loop") },
    ]);
    expect(good).toMatchObject({ kind: "stat", type: "file", sizeBytes: 5 });
    expect(bad).toEqual({ kind: "missing", exists: false });
    expect(under).toEqual({ kind: "missing", exists: false });
    expect(loop).toMatchObject({ kind: "unreadable" });
  });

  test("reads files whose names are hostile", async () => {
    const names = [
      "-rf",
      "a b",
      "a\nb",
      "a\\b",
      "tab\there",
      "'",
      '"$(id)"',
      "`id`",
      "$HOME",
      "*",
      "ä€😀",
      "a\rb",
      "\\",
      "x\n",
    ];
    for (const name of names) writeFileSync(join(dir, name), `content of ${name}`);
    const paths = names.map((name) => join(dir, name));
    const answers = await session.read(
      paths.flatMap((path) => [
        { kind: "stat", path } as const,
        { kind: "digest", path } as const,
        { kind: "content", path } as const,
        { kind: "stat", path: `${path}.none\nstat: x` } as const,
        { kind: "digest", path: `${path}.none` } as const,
      ]),
    );
    names.forEach((name, index) => {
      const text = Buffer.from(`content of ${name}`);
      expect(answers.slice(index * 5, index * 5 + 5), JSON.stringify(name)).toMatchObject([
        { kind: "stat", type: "file", sizeBytes: text.length },
        { kind: "digest", sha256: createHash("sha256").update(text).digest("hex") },
        { kind: "content", bytes: text },
        { kind: "missing" },
        { kind: "missing" },
      ]);
    });
  });

  test("cuts a file that is longer than was asked for, and says so", async () => {
    writeFileSync(join(dir, "long"), "0123456789");
    const [cut, whole] = await session.read([
      { kind: "content", path: join(dir, "long"), maxBytes: 4 },
      { kind: "content", path: join(dir, "long"), maxBytes: 10 },
    ]);
    expect(cut).toEqual({ kind: "content", bytes: Buffer.from("0123"), truncated: true });
    expect(whole).toEqual({ kind: "content", bytes: Buffer.from("0123456789"), truncated: false });
  });

  test("runs one command for equal argvs with operands, and gives all askers its output", async () => {
    const argv = ["printf", "%s|"];
    const answers = await session.read([
      { kind: "run", argv, operands: ["a", "b"] },
      { kind: "run", argv, operands: ["b", "c"] },
      { kind: "run", argv },
    ]);
    expect(answers.map((answer) => (answer as CommandResult).stdout.toString())).toEqual(["a|b|c|", "a|b|c|", "|"]);
  });

  test("runs programs, never shell builtins, and 127 is a command that is not there", async () => {
    const answers = await session.read([
      { kind: "run", argv: ["exit", "3"] },
      { kind: "run", argv: ["no-such-program-here"] },
      { kind: "run", argv: ["sh", "-c", "echo out; echo err >&2; exit 7"] },
      { kind: "run", argv: ["cat"] },
    ]);
    expect(answers.map((answer) => (answer as CommandResult).exitCode)).toEqual([127, 127, 7, 0]);
    expect(answers[2]).toMatchObject({ stdout: Buffer.from("out\n"), stderr: Buffer.from("err\n") });
  });

  test("stops a read that runs out of its time, and goes on", async () => {
    const answers = await session.read([
      { kind: "run", argv: ["sleep", "30"], timeoutMs: 1000 },
      { kind: "run", argv: ["echo", "next"] },
    ]);
    expect((answers[0] as CommandResult).exitCode).toBeGreaterThan(123);
    expect(answers[1]).toMatchObject({ stdout: Buffer.from("next\n") });
  });

  test("keeps the two ends of a long output in bounded memory", async () => {
    const [answer] = await session.read([
      { kind: "run", argv: ["sh", "-c", "echo first; head -c 20000000 /dev/zero; echo last"] },
    ]);
    const result = answer as CommandResult;
    expect(result.truncated).toBe(true);
    expect(result.stdout.length).toBe(1024 * 1024);
    expect(result.stdout.subarray(0, 6).toString()).toBe("first\n");
    expect(result.stdout.subarray(-5).toString()).toBe("last\n");
  });

  test("writes a file with its mode and parent folders, and leaves nothing beside it", async () => {
    const path = join(dir, "x", "y", "file name");
    await session.change({ kind: "write", path, content: "one\n", mode: 0o600 });
    await session.change({ kind: "write", path, content: Buffer.from([0, 255, 10, 13, 0]), mode: 0o755 });
    expect(readFileSync(path)).toEqual(Buffer.from([0, 255, 10, 13, 0]));
    expect(statSync(path).mode & 0o7777).toBe(0o755);
    expect(statSync(join(dir, "x")).mode & 0o7777).toBe(0o755);
    expect(readdirSync(join(dir, "x", "y"))).toEqual(["file name"]);
  });

  test("writes an empty file, and one of a megabyte", async () => {
    const big = Buffer.alloc(1_000_000, "abc\0\xff");
    await session.change({ kind: "write", path: join(dir, "empty"), content: "", mode: 0o644 });
    await session.change({ kind: "write", path: join(dir, "big"), content: big, mode: 0o644 });
    expect(readFileSync(join(dir, "empty"))).toEqual(Buffer.alloc(0));
    expect(readFileSync(join(dir, "big")).equals(big)).toBe(true);
  });

  test("removes what a killed write of the same file left, and nothing of other files", async () => {
    const [own, other] = [temporaryPathFor(join(dir, "a key")), temporaryPathFor(join(dir, "other"))];
    for (const path of [own, other]) writeFileSync(path, "half");
    await session.change({ kind: "write", path: join(dir, "a key"), content: "whole", mode: 0o600 });
    expect(readdirSync(dir).sort()).toEqual([basename(other), "a key"].sort());
    writeFileSync(own, "half");
    const local = join(dir, "other");
    writeFileSync(local, "sent");
    await session.change({ kind: "upload", localPath: local, path: join(dir, "a key"), mode: 0o600 });
    expect(readdirSync(dir).sort()).toEqual([basename(other), "a key", "other"].sort());
  });

  test("refuses to write over a directory, and removes its temporary file", async () => {
    mkdirSync(join(dir, "d"));
    const problem = await problemOf(session.change({ kind: "write", path: join(dir, "d"), content: "x", mode: 0o644 }));
    expect(problem).toMatchObject({ code: "host/write-failed", because: "a directory of that name is there" });
    const owner = { kind: "write", path: join(dir, "f"), content: "x", mode: 0o644, owner: "no-such-user" } as const;
    expect((await problemOf(session.change(owner))).code).toBe("host/write-failed");
    expect(readdirSync(dir)).toEqual(["d"]);
  });

  test("removes files and trees, and is content when they are gone", async () => {
    mkdirSync(join(dir, "tree", "sub"), { recursive: true });
    writeFileSync(join(dir, "-f"), "");
    await session.change({ kind: "remove", path: join(dir, "tree"), recursive: true });
    await session.change({ kind: "remove", path: join(dir, "-f") });
    await session.change({ kind: "remove", path: join(dir, "-f") });
    expect(readdirSync(dir)).toEqual([]);
    mkdirSync(join(dir, "d"));
    expect((await problemOf(session.change({ kind: "remove", path: join(dir, "d") }))).code).toBe("host/remove-failed");
  });

  test("gives a command its stdin and keeps its exit code", async () => {
    const result = await session.change({
      kind: "run",
      argv: ["sh", "-c", "cat; exit 4"],
      stdin: new Secret("héllo\0\n"),
      okExitCodes: [0, 4],
    });
    expect(result).toMatchObject({ exitCode: 4, stdout: Buffer.from("héllo\0\n") });
    // One that does not read it at all must not break the session.
    await session.change({ kind: "run", argv: ["true"], stdin: "x".repeat(500_000) });
  });

  test("a failed command is a problem with evidence, and the secret it was given is masked in it", async () => {
    const problem = await problemOf(
      session.change({
        kind: "run",
        argv: ["sh", "-c", 'read a; read b; echo "got $b and $a" >&2; exit 9'],
        stdin: new Secret("hunter2\ncorrect horse\n"),
      }),
    );
    expect(problem).toMatchObject({
      code: "host/command-failed",
      evidence: { exitCode: 9, lastLines: ["got *** and ***"] },
    });
    expect(JSON.stringify(problem)).not.toContain("hunter2");
  });

  test("a command that runs out of time is stopped and reported", async () => {
    const problem = await problemOf(session.change({ kind: "run", argv: ["sleep", "30"], timeoutMs: 1000 }));
    expect(problem.code).toBe("host/command-timeout");
    expect((await problemOf(session.change({ kind: "run", argv: ["no-such-program"] }))).code).toBe(
      "host/command-not-found",
    );
  });

  test("uploads a file once, mends its mode, and notices a change", async () => {
    const local = join(dir, "local");
    writeFileSync(local, Buffer.alloc(3_000_000, "upload\0"));
    const remote = join(dir, "into", "remote");
    expect(await uploaded(session, local, remote, 0o755)).toBe("sent");
    expect(readFileSync(remote).equals(readFileSync(local))).toBe(true);
    expect(statSync(remote).mode & 0o7777).toBe(0o755);
    chmodSync(remote, 0o600);
    expect(await uploaded(session, local, remote, 0o755)).toBe("unchanged");
    expect(statSync(remote).mode & 0o7777).toBe(0o755);
    writeFileSync(local, "short");
    expect(await uploaded(session, local, remote, 0o644)).toBe("sent");
    expect(readFileSync(remote, "utf8")).toBe("short");
    expect(readdirSync(join(dir, "into"))).toEqual(["remote"]);
  });

  test("checks what arrived also where openssl fails, and flushes no file that the step removes again", async () => {
    const [local, flushed, programs] = [join(dir, "local"), join(dir, "flushed"), join(dir, "programs")];
    writeFileSync(local, "arrived\n");
    mkdirSync(programs);
    writeFileSync(join(programs, "openssl"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    writeFileSync(join(programs, "sync"), `#!/bin/sh\necho "$@" >>${flushed}\n`, { mode: 0o755 });
    const own = localHosts((args) => shell.open([...args.slice(0, -1), `PATH=${programs}:$PATH; ${args.at(-1)}`]));
    try {
      const to = own.session(localHost);
      await to.change({ kind: "upload", localPath: local, path: join(dir, "kept"), mode: 0o644 });
      expect(readFileSync(flushed, "utf8").trim().split("\n")).toHaveLength(1);
      await to.change({ kind: "upload", localPath: local, path: join(dir, "passing"), mode: 0o644, passing: true });
      expect(readFileSync(flushed, "utf8").trim().split("\n")).toHaveLength(1);
      expect(readFileSync(join(dir, "passing"), "utf8")).toBe("arrived\n");
    } finally {
      await own.close();
    }
  });

  test("uploads a part of a file, and refuses one whose bytes are not those of its digest", async () => {
    const local = join(dir, "local");
    writeFileSync(local, Buffer.concat([Buffer.alloc(1000, "a"), Buffer.alloc(500_000, "b"), Buffer.alloc(10, "c")]));
    const sha256 = createHash("sha256").update(Buffer.alloc(500_000, "b")).digest("hex");
    const part = { offsetBytes: 1000, sizeBytes: 500_000, sha256 };
    const path = join(dir, "into", "remote");
    const upload = { kind: "upload", localPath: local, path, mode: 0o644, part } as const;
    expect((await session.change(upload)).stdout.toString()).toBe("sent");
    expect((await session.change(upload)).stdout.toString()).toBe("unchanged");
    expect(readFileSync(path).equals(Buffer.alloc(500_000, "b"))).toBe(true);
    const shifted = { ...upload, part: { ...part, offsetBytes: 999 }, path: join(dir, "into", "other") };
    expect((await problemOf(session.change(shifted))).code).toBe("host/local-file-damaged");
    const gone = { ...shifted, localPath: join(dir, "nothing") };
    expect((await problemOf(session.change(gone))).code).toBe("host/local-file-unreadable");
    await expect.poll(() => readdirSync(join(dir, "into"))).toEqual(["remote"]);
    const empty = { ...upload, path: join(dir, "empty"), part: { offsetBytes: 0, sizeBytes: 0, sha256: emptyDigest } };
    expect((await session.change(empty)).stdout.toString()).toBe("sent");
    expect(readFileSync(join(dir, "empty"))).toHaveLength(0);
  });

  test("a command that reads gets its standard input, each its own", async () => {
    const argv = ["cat"];
    const answers = await session.read([
      { kind: "run", argv, stdin: "one\n'\"$(id)\0" },
      { kind: "run", argv, stdin: new Secret("two") },
      { kind: "run", argv, stdin: "one\n'\"$(id)\0" },
      { kind: "run", argv },
      { kind: "run", argv, stdin: "three", operands: ["-"], timeoutMs: 5000 },
      { kind: "run", argv, stdin: "four", operands: ["-"] },
    ]);
    const texts = answers.map((answer) => (answer.kind === "result" ? answer.stdout.toString("utf8") : answer.kind));
    expect(texts).toEqual(["one\n'\"$(id)\0", "two", "one\n'\"$(id)\0", "", "three", "four"]);
    expect(hosts.usage()).toEqual({ connections: 1, roundTrips: 1 });
  });

  test("measures the clock to within the round trip", async () => {
    const { seconds, uncertaintySeconds } = await session.clockOffset();
    expect(Math.abs(seconds)).toBeLessThanOrEqual(uncertaintySeconds + 0.001);
  });

  test("a shell that dies loses a change, repeats a read, and comes back", async () => {
    const killer = session.change({ kind: "run", argv: ["sh", "-c", "kill -9 $PPID; sleep 0.2"], timeoutMs: 5000 });
    const lost = await problemOf(killer).catch(() => undefined);
    if (lost !== undefined) expect(["ssh/connection-lost", "host/command-failed"]).toContain(lost.code);
    const [answer] = await session.read([{ kind: "run", argv: ["echo", "back"] }]);
    expect(answer).toMatchObject({ stdout: Buffer.from("back\n") });
  });

  test("refuses words no shell could be given", async () => {
    expect((await problemOf(session.read([{ kind: "stat", path: "etc/passwd" }]))).code).toBe("host/path-not-usable");
    expect((await problemOf(session.read([{ kind: "stat", path: "/a\0b" }]))).code).toBe("host/path-not-usable");
    const argvs = [[], [""], ["-x"], ["a", "b\0"], ["\ud800"]];
    for (const argv of argvs) {
      expect((await problemOf(session.change({ kind: "run", argv }))).code).toBe("host/command-not-usable");
    }
  });
});
