import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CommandResult, HostName, HostSession } from "../../../src/hosts/port.ts";
import type { Problem } from "../../../src/problems/problem.ts";
import { ProblemError } from "../../../src/problems/problem.ts";
import { uploaded } from "../../support/uploaded.ts";
import { freePort, type PrivateSshd, privateSshd, whyNoSshd } from "./private-sshd.ts";

const cp1 = "cp-1" as HostName;
const skip = whyNoSshd();

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const error = await promise.then(
    (value) => new Error(`it succeeded: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProblemError)) throw error;
  return error.problem;
}

async function output(session: HostSession, ...argv: string[]): Promise<string> {
  const [answer] = await session.read([{ kind: "run", argv }]);
  return (answer as CommandResult).stdout.toString("utf8").trim();
}

/** Process ids of the remote shell and of the sshd process that serves its connection. */
async function remotePids(session: HostSession): Promise<{ shell: number; sshd: number }> {
  const shell = Number(await output(session, "sh", "-c", "echo $PPID"));
  let sshd = shell;
  while (!readFileSync(`/proc/${sshd}/comm`, "utf8").startsWith("sshd")) {
    sshd = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${sshd}/status`, "utf8"))?.[1]);
  }
  return { shell, sshd };
}

describe.skipIf(skip !== undefined)(`ssh to a private sshd${skip === undefined ? "" : ` (${skip})`}`, () => {
  let sshd: PrivateSshd;

  beforeEach(async () => {
    sshd = await privateSshd();
    await sshd.start();
    sshd.trustAll();
  });
  afterEach(() => sshd.remove());

  test("a batch over 200 files costs one connection and one round trip", async () => {
    const directory = join(sshd.directory, "files");
    mkdirSync(directory);
    const paths = Array.from({ length: 200 }, (_, index) => join(directory, `file ${index}`));
    for (const path of paths) writeFileSync(path, path);
    const hosts = sshd.hosts({ "cp-1": sshd.target() });
    const session = hosts.session(cp1);
    const answers = await Promise.all(
      paths.flatMap((path) => [session.read([{ kind: "stat", path }]), session.read([{ kind: "digest", path }])]),
    );
    expect(answers.flat().map((answer) => answer.kind)).toEqual(paths.flatMap(() => ["stat", "digest"]));
    expect(hosts.usage()).toEqual({ connections: 1, roundTrips: 1 });
    expect(hosts.usageOf(cp1)).toEqual({ connections: 1, roundTrips: 1 });
  });

  test("a connection outlives the command, and the next one logs in no more", async () => {
    const first = sshd.hosts({ "cp-1": sshd.target() });
    expect(await output(first.session(cp1), "echo", "one")).toBe("one");
    await first.close();
    const second = sshd.hosts({ "cp-1": sshd.target() });
    expect(await output(second.session(cp1), "echo", "two")).toBe("two");
    expect(sshd.logins()).toBe(1);
    await second.close();
    await second.closeMasters();
    expect(readdirSync(sshd.controlDirectory)).toEqual([]);
    const third = sshd.hosts({ "cp-1": sshd.target() }, { keepAliveSeconds: 0 });
    expect(await output(third.session(cp1), "echo", "three")).toBe("three");
    expect(sshd.logins()).toBe(2);
    expect(readdirSync(sshd.controlDirectory)).toEqual([]);
  });

  test("a kept connection whose far end is frozen is given up for a new one", async () => {
    const first = sshd.hosts({ "cp-1": sshd.target() });
    const pids = await remotePids(first.session(cp1));
    await first.close();
    process.kill(pids.sshd, "SIGSTOP");
    try {
      const second = sshd.hosts({ "cp-1": sshd.target() });
      expect(await output(second.session(cp1), "echo", "again")).toBe("again");
      expect(sshd.logins()).toBe(2);
    } finally {
      process.kill(pids.sshd, "SIGCONT");
    }
  });

  test("a stale control socket is in nobody's way", async () => {
    const first = sshd.hosts({ "cp-1": sshd.target() });
    await output(first.session(cp1), "true");
    const [socket = ""] = readdirSync(sshd.controlDirectory);
    const check = ["-F", "none", "-O", "check", "-o", `ControlPath=${join(sshd.controlDirectory, socket)}`, "x"];
    const master = Number(/pid=(\d+)/.exec(spawnSync("ssh", check, { encoding: "utf8" }).stderr)?.[1]);
    await first.close();
    process.kill(master, "SIGKILL");
    await pause(50);
    expect(readdirSync(sshd.controlDirectory)).toEqual([socket]);
    const second = sshd.hosts({ "cp-1": sshd.target() });
    expect(await output(second.session(cp1), "echo", "new")).toBe("new");
    expect(sshd.logins()).toBe(2);
    await second.close();
    const third = sshd.hosts({ "cp-1": sshd.target() });
    expect(await output(third.session(cp1), "echo", "kept")).toBe("kept");
    expect(sshd.logins()).toBe(2);
  });

  test("a shell that stops answering is reported, and the next request finds a way", async () => {
    const hosts = sshd.hosts({ "cp-1": sshd.target() }, { answerWithinMs: 1500 });
    const session = hosts.session(cp1);
    const { shell } = await remotePids(session);
    process.kill(shell, "SIGSTOP");
    try {
      const problem = await problemOf(session.read([{ kind: "run", argv: ["echo", "anybody"] }]));
      expect(problem).toMatchObject({ code: "ssh/no-answer", where: { host: "cp-1" } });
      expect(problem.because).toContain("echo anybody");
    } finally {
      process.kill(shell, "SIGCONT");
    }
    expect(await output(session, "echo", "back")).toBe("back");
    expect(hosts.usage().connections).toBe(2);
  });

  test("a broken connection repeats a read on a new one", async () => {
    const hosts = sshd.hosts({ "cp-1": sshd.target() });
    const session = hosts.session(cp1);
    const { sshd: server } = await remotePids(session);
    const flag = join(sshd.directory, "flag");
    // The first time this runs it cuts its own connection.
    const cut = `if [ -e ${flag} ]; then echo second; else touch ${flag}; kill -9 ${server}; sleep 5; fi`;
    expect(await output(session, "sh", "-c", cut)).toBe("second");
    expect(hosts.usage().connections).toBe(2);
  });

  test("a broken connection never repeats a change, and says that the outcome is unknown", async () => {
    const hosts = sshd.hosts({ "cp-1": sshd.target() });
    const session = hosts.session(cp1);
    const { sshd: server } = await remotePids(session);
    const count = join(sshd.directory, "count");
    const argv = ["sh", "-c", `echo x >>${count}; kill -9 ${server}; sleep 1`];
    const problem = await problemOf(session.change({ kind: "run", argv }));
    expect(problem.code).toBe("ssh/connection-lost");
    expect(problem.because).toContain("not known");
    expect(await output(session, "cat", count)).toBe("x");
  });

  test("a command that was started ends in its own time when the connection breaks", async () => {
    const session = sshd.hosts({ "cp-1": sshd.target() }).session(cp1);
    const { sshd: server } = await remotePids(session);
    const done = join(sshd.directory, "done");
    const noise = "for i in 1 2 3 4 5 6 7 8; do echo line $i; echo line $i >&2; sleep 0.1; done";
    const lost = problemOf(
      session.change({ kind: "run", argv: ["bash", "-c", `set -e; kill -9 ${server}; ${noise}; echo whole >${done}`] }),
    );
    expect((await lost).code).toBe("ssh/connection-lost");
    for (let tries = 0; !existsSync(done) && tries < 200; tries += 1) await pause(25);
    expect(readFileSync(done, "utf8")).toBe("whole\n");
  });

  test("an unknown host key is refused with its fingerprint and the command that records it", async () => {
    writeFileSync(sshd.knownHostsFile, "");
    const hosts = sshd.hosts({ "cp-1": sshd.target() });
    const problem = await problemOf(hosts.session(cp1).read([{ kind: "stat", path: "/" }]));
    const print = execFileSync("ssh-keygen", ["-lf", join(sshd.directory, "host_key.pub")], { encoding: "utf8" });
    const fingerprint = print.split(" ")[1] ?? "none";
    expect(problem).toMatchObject({ code: "ssh/host-key-unknown", hint: { command: "slipway hosts trust cp-1" } });
    expect(problem.because).toContain(fingerprint);
    expect(sshd.logins()).toBe(0);
  });

  test("a changed host key is refused", async () => {
    await sshd.stop();
    sshd.makeHostKey();
    await sshd.start();
    const hosts = sshd.hosts({ "cp-1": sshd.target() });
    const problem = await problemOf(hosts.session(cp1).read([{ kind: "stat", path: "/" }]));
    expect(problem).toMatchObject({ code: "ssh/host-key-changed", where: { host: "cp-1" } });
    expect(problem.because).toContain(sshd.knownHostsFile);
    expect(sshd.logins()).toBe(0);
  });

  test("hosts behind a jump host share one connection to it", async () => {
    const proxyJump = `root@127.0.0.1:${sshd.port}`;
    const names = ["w-1", "w-2", "w-3"];
    const targets = names.map(
      (name, index) => [name, sshd.target({ host: `127.0.0.${index + 2}`, proxyJump })] as const,
    );
    const hosts = sshd.hosts(Object.fromEntries(targets));
    expect(await output(hosts.session("w-1" as HostName), "echo", "a")).toBe("a");
    const rest = ["w-2", "w-3"].map((name) => output(hosts.session(name as HostName), "echo", name));
    expect(await Promise.all(rest)).toEqual(["w-2", "w-3"]);
    expect(sshd.logins()).toBe(4);
    await hosts.close();
    await hosts.closeMasters();
    expect(readdirSync(sshd.controlDirectory)).toEqual([]);
  });

  test("two jump hosts in a row are passed", async () => {
    const proxyJump = `root@127.0.0.1:${sshd.port},root@127.0.0.2:${sshd.port}`;
    const hosts = sshd.hosts({ "cp-1": sshd.target({ host: "127.0.0.3", proxyJump }) });
    expect(await output(hosts.session(cp1), "echo", "through")).toBe("through");
    expect(sshd.logins()).toBe(3);
  });

  test("a jump host whose key is unknown is named", async () => {
    const lines = readFileSync(sshd.knownHostsFile, "utf8").split("\n");
    writeFileSync(sshd.knownHostsFile, lines.filter((line) => !line.startsWith("[127.0.0.2]")).join("\n"));
    const hosts = sshd.hosts({ "cp-1": sshd.target({ proxyJump: `root@127.0.0.2:${sshd.port}` }) });
    const problem = await problemOf(hosts.session(cp1).read([{ kind: "stat", path: "/" }]));
    expect(problem).toMatchObject({ code: "ssh/host-key-unknown", hint: { command: "slipway hosts trust cp-1" } });
    expect(problem.because).toContain("127.0.0.2");
    expect(problem.message).toContain("jump host");
  });

  test("says what is wrong when a host cannot be reached", async () => {
    const closed = await freePort();
    const targets = {
      refused: sshd.target({ port: closed }),
      "refused-behind": sshd.target({ port: closed, proxyJump: `root@127.0.0.1:${sshd.port}` }),
      unnamed: sshd.target({ host: "no-such-host.invalid" }),
      locked: sshd.target({ user: "no-such-user" }),
      option: sshd.target({ host: "-oProxyCommand=touch /tmp/owned" }),
      shell: sshd.target({ proxyJump: "x;touch$IFS/tmp/owned" }),
    };
    const hosts = sshd.hosts(targets, { connectWithinMs: 20_000 });
    const codes = await Promise.all(
      Object.keys(targets).map(async (name) => {
        const session = hosts.session(name as HostName);
        return (await problemOf(session.read([{ kind: "stat", path: "/" }]))).code;
      }),
    );
    expect(codes).toEqual([
      "ssh/unreachable",
      "ssh/unreachable",
      "ssh/name-not-found",
      "ssh/authentication-failed",
      "ssh/target-not-usable",
      "ssh/target-not-usable",
    ]);
    expect(existsSync("/tmp/owned")).toBe(false);
  });

  test("more hosts than connections take turns", async () => {
    const names = ["w-1", "w-2", "w-3", "w-4", "w-5", "w-6"];
    const targets = names.map((name, index) => [name, sshd.target({ host: `127.0.0.${index + 1}` })] as const);
    const hosts = sshd.hosts(Object.fromEntries(targets), { maxConnections: 2 });
    const ask = () => Promise.all(names.map((name) => output(hosts.session(name as HostName), "echo", name)));
    expect(await ask()).toEqual(names);
    expect(await ask()).toEqual(names);
    expect(readdirSync(sshd.controlDirectory).length).toBeLessThanOrEqual(2);
  });

  test("two gigabytes of output cost no memory", async () => {
    const hosts = sshd.hosts({ "cp-1": sshd.target() });
    const session = hosts.session(cp1);
    await output(session, "true");
    const before = process.memoryUsage.rss();
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss());
    }, 50);
    const argv = ["sh", "-c", "echo first; head -c 2000000000 /dev/zero; echo last"];
    const result = await session.change({ kind: "run", argv });
    clearInterval(watch);
    expect(result.truncated).toBe(true);
    expect(result.stdout.subarray(0, 6).toString()).toBe("first\n");
    expect(result.stdout.subarray(-5).toString()).toBe("last\n");
    expect(result.stdout.length).toBe(1024 * 1024);
    expect(most - before).toBeLessThan(200 * 1024 * 1024);
  });

  test("a full disk is named, leaves the old file whole and nothing beside it", async () => {
    const mount = join(sshd.directory, "small");
    mkdirSync(mount);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]);
    try {
      const session = sshd.hosts({ "cp-1": sshd.target() }).session(cp1);
      const path = join(mount, "file");
      await session.change({ kind: "write", path, content: "old", mode: 0o644 });
      const big = { kind: "write", path, content: Buffer.alloc(2_000_000), mode: 0o644 } as const;
      const problem = await problemOf(session.change(big));
      expect(problem).toMatchObject({ code: "host/disk-full", where: { host: "cp-1" } });
      const local = join(sshd.directory, "local");
      writeFileSync(local, Buffer.alloc(3_000_000, 1));
      expect((await problemOf(uploaded(session, local, path, 0o644))).code).toBe("host/disk-full");
      expect(readFileSync(path, "utf8")).toBe("old");
      expect(readdirSync(mount)).toEqual(["file"]);
    } finally {
      execFileSync("umount", [mount]);
    }
  });

  test("an upload arrives whole, and one that is cut leaves the old file", async () => {
    const hosts = sshd.hosts({ "cp-1": sshd.target() });
    const session = hosts.session(cp1);
    const local = join(sshd.directory, "local");
    const remote = join(sshd.directory, "into", "remote");
    execFileSync("sh", ["-c", `head -c 100000000 /dev/urandom >${local}`]);
    expect(await uploaded(session, local, remote, 0o755)).toBe("sent");
    expect(await uploaded(session, local, remote, 0o755)).toBe("unchanged");
    expect(readFileSync(remote).equals(readFileSync(local))).toBe(true);
    expect(statSync(remote).mode & 0o7777).toBe(0o755);
    const before = statSync(remote);
    execFileSync("sh", ["-c", `head -c 400000000 /dev/zero >${local}`]);
    const { sshd: server } = await remotePids(session);
    const sending = problemOf(uploaded(session, local, remote, 0o755));
    while (readdirSync(join(sshd.directory, "into")).length < 2) await pause(5);
    process.kill(server, "SIGKILL");
    expect((await sending).code).toBe("host/upload-failed");
    expect(statSync(remote).ino).toBe(before.ino);
    for (let tries = 0; readdirSync(join(sshd.directory, "into")).length > 1 && tries < 200; tries += 1)
      await pause(25);
    expect(readdirSync(join(sshd.directory, "into"))).toEqual(["remote"]);
  });

  test("a Slipway that is killed while it writes leaves whole files and nothing beside them", async () => {
    const directory = join(sshd.directory, "written");
    mkdirSync(directory);
    const hosts = join(import.meta.dirname, "..", "..", "..", "src", "hosts", "ssh-hosts.ts");
    const writer = join(sshd.directory, "writer.ts");
    const options = {
      knownHostsFile: sshd.knownHostsFile,
      configFile: sshd.configFile,
      controlDirectory: sshd.controlDirectory,
    };
    writeFileSync(
      writer,
      [
        `import { openSshHosts } from ${JSON.stringify(hosts)};`,
        `const targets = new Map([["cp-1", ${JSON.stringify(sshd.target())}]]);`,
        `const session = openSshHosts({ targets, ...${JSON.stringify(options)} }).session("cp-1");`,
        "for (let at = 0; ; at += 1) {",
        `  const path = ${JSON.stringify(directory)} + "/file-" + (at % 3);`,
        '  await session.change({ kind: "write", path, content: String(at % 10).repeat(300_000), mode: 0o644 });',
        '  if (at === 2) console.log("all three are there");',
        "}",
      ].join("\n"),
    );
    for (let round = 0; round < 6; round += 1) {
      const running = spawn(process.execPath, [writer], { stdio: ["ignore", "pipe", "ignore"] });
      const gone = new Promise((resolve) => running.once("exit", resolve));
      await new Promise((resolve) => running.stdout.once("data", resolve));
      await pause(37 * round);
      running.kill("SIGKILL");
      await gone;
    }
    const session = sshd.hosts({ "cp-1": sshd.target() }).session(cp1);
    // What was under way is given time to end: it is a matter of milliseconds, but of another process.
    const leftovers = () => readdirSync(directory).filter((name) => name.startsWith("."));
    for (let tries = 0; leftovers().length > 0 && tries < 200; tries += 1) await pause(25);
    expect(readdirSync(directory).sort()).toEqual(["file-0", "file-1", "file-2"]);
    const answers = await session.read(
      [0, 1, 2].map((at) => ({ kind: "content", path: join(directory, `file-${at}`) }) as const),
    );
    for (const answer of answers) {
      const text = answer.kind === "content" ? answer.bytes.toString("latin1") : "";
      expect(text.length).toBe(300_000);
      expect(new Set(text).size).toBe(1);
    }
  });

  test("an aborted request ends at once, and the host goes on in order", async () => {
    const session = sshd.hosts({ "cp-1": sshd.target() }).session(cp1);
    await output(session, "true");
    const trace = join(sshd.directory, "trace");
    const controller = new AbortController();
    const slow = session.change(
      { kind: "run", argv: ["sh", "-c", `sleep 1; echo slow >>${trace}`] },
      controller.signal,
    );
    const queued = session.change({ kind: "run", argv: ["sh", "-c", `echo queued >>${trace}`] }, controller.signal);
    await pause(200);
    controller.abort(new Error("enough"));
    await expect(slow).rejects.toThrow("enough");
    await expect(queued).rejects.toThrow("enough");
    await session.change({ kind: "run", argv: ["sh", "-c", `echo after >>${trace}`] });
    expect(readFileSync(trace, "utf8")).toBe("slow\nafter\n");
  });
});
