import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CommandResult, HostName } from "../../../src/hosts/port.ts";
import { Secret } from "../../../src/hosts/secret.ts";
import type { ObservedCommand } from "../../../src/hosts/ssh-session.ts";
import { type Problem, ProblemError } from "../../../src/problems/problem.ts";
import { uploaded } from "../../support/uploaded.ts";
import { type PrivateSshd, privateSshd, whyNoSshd } from "./private-sshd.ts";

const skip = whyNoSshd() ?? (spawnSync("sh", ["-c", "command -v sudo useradd"]).status === 0 ? undefined : "no sudo");
const cp1 = "cp-1" as HostName;
const user = `slipway-test-${process.pid}`;
const password = "correct horse 'battery' $staple";
const sudoers = `/etc/sudoers.d/${user}`;

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const error = await promise.then(
    (value) => new Error(`it succeeded: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProblemError)) throw error;
  return error.problem;
}

describe.skipIf(skip !== undefined)(`sudo on a private sshd${skip === undefined ? "" : ` (${skip})`}`, () => {
  let sshd: PrivateSshd;
  const allow = (rule: string) => writeFileSync(sudoers, `${user} ALL=(ALL:ALL) ${rule}\n`, { mode: 0o440 });

  beforeAll(() => {
    execFileSync("useradd", ["-m", "-s", "/bin/bash", user]);
    execFileSync("chpasswd", { input: `${user}:${password}\n` });
  });
  afterAll(() => {
    execFileSync("userdel", ["-r", user], { stdio: "ignore" });
  });
  beforeEach(async () => {
    sshd = await privateSshd();
    await sshd.start();
    sshd.trustAll();
  });
  afterEach(async () => {
    rmSync(sudoers, { force: true });
    await sshd.remove();
  });

  const whoami = async (hosts: ReturnType<PrivateSshd["hosts"]>) => {
    const [answer] = await hosts.session(cp1).read([{ kind: "run", argv: ["id", "-un"] }]);
    return (answer as CommandResult).stdout.toString().trim();
  };

  test("without a password sudo is passed in the same round trip", async () => {
    allow("NOPASSWD: ALL");
    const hosts = sshd.hosts({ "cp-1": sshd.target({ user, sudo: "passwordless" }) });
    expect(await whoami(hosts)).toBe("root");
    expect(hosts.usage()).toEqual({ connections: 1, roundTrips: 1 });
  });

  test("with a password it is asked for once, used for uploads too, and never shown", async () => {
    allow("ALL");
    let asked = 0;
    const shown: ObservedCommand[] = [];
    const targets = {
      "cp-1": sshd.target({ user, sudo: "password" }),
      "cp-2": sshd.target({ host: "127.0.0.2", user, sudo: "password" }),
    };
    const hosts = sshd.hosts(targets, {
      askPassword: () => {
        asked += 1;
        return Promise.resolve(new Secret(password));
      },
      onCommand: (command) => shown.push(command),
    });
    const second = hosts.session("cp-2" as HostName).read([{ kind: "run", argv: ["id", "-un"] }]);
    expect(await whoami(hosts)).toBe("root");
    expect(await second).toMatchObject([{ stdout: Buffer.from("root\n") }]);
    const local = join(sshd.directory, "local");
    writeFileSync(local, Buffer.alloc(1_000_000, "binary\0\n"));
    const remote = join(sshd.directory, "remote");
    expect(await uploaded(hosts.session(cp1), local, remote, 0o600)).toBe("sent");
    expect(readFileSync(remote).equals(readFileSync(local))).toBe(true);
    expect(statSync(remote).uid).toBe(0);
    expect(asked).toBe(1);
    expect(JSON.stringify(shown)).not.toContain("horse");
  });

  test("a password that sudo never asks for is never sent", async () => {
    allow("NOPASSWD: ALL");
    let asked = 0;
    const hosts = sshd.hosts(
      { "cp-1": sshd.target({ user, sudo: "password" }) },
      {
        askPassword: () => {
          asked += 1;
          return Promise.resolve(new Secret(password));
        },
      },
    );
    expect(await whoami(hosts)).toBe("root");
    expect(asked).toBe(0);
  });

  test("a wrong password, a missing rule and a wrong mode are told apart", async () => {
    const ask = async (sudo: "none" | "passwordless" | "password") => {
      const hosts = sshd.hosts(
        { "cp-1": sshd.target({ user, sudo }) },
        { askPassword: () => Promise.resolve(new Secret("wrong")) },
      );
      return (await problemOf(whoami(hosts))).code;
    };
    allow("ALL");
    expect(await ask("password")).toBe("ssh/sudo-wrong-password");
    expect(await ask("passwordless")).toBe("ssh/sudo-password-needed");
    expect(await ask("none")).toBe("ssh/not-root");
    rmSync(sudoers);
    const hosts = sshd.hosts(
      { "cp-1": sshd.target({ user, sudo: "password" }) },
      { askPassword: () => Promise.resolve(new Secret(password)) },
    );
    expect((await problemOf(whoami(hosts))).code).toBe("ssh/sudo-not-allowed");
  });

  test("what the user may not see is unreadable, never missing", async () => {
    const hosts = sshd.hosts({ "cp-1": sshd.target({ user, sudo: "none" }) }, { requireRoot: false });
    const session = hosts.session(cp1);
    const answers = await session.read([
      { kind: "stat", path: "/etc/shadow" },
      { kind: "content", path: "/etc/shadow" },
      { kind: "digest", path: "/etc/shadow" },
      { kind: "stat", path: "/root/anything" },
      { kind: "content", path: "/root/anything" },
      { kind: "digest", path: "/no-such-file" },
    ]);
    expect(answers).toMatchObject([
      { kind: "stat", type: "file", group: "shadow" },
      { kind: "unreadable", because: "Permission denied" },
      { kind: "unreadable", because: "Permission denied" },
      { kind: "unreadable", because: "Permission denied" },
      { kind: "unreadable", because: "Permission denied" },
      { kind: "missing" },
    ]);
    const problem = await problemOf(
      session.change({ kind: "write", path: "/etc/slipway-x", content: "", mode: 0o644 }),
    );
    expect(problem).toMatchObject({ code: "host/write-failed" });
    expect(problem.because).toContain("Permission denied");
  });

  test("works under fish, csh and a chatty bash as login shells", async () => {
    allow("NOPASSWD: ALL");
    writeFileSync(`/home/${user}/.bashrc`, "echo hello from bashrc; echo trouble >&2\n");
    for (const shell of ["/bin/bash", "/usr/bin/fish", "/bin/tcsh", "/bin/csh", "/bin/dash"]) {
      if (spawnSync("test", ["-x", shell]).status !== 0) continue;
      execFileSync("usermod", ["-s", shell, user]);
      for (const sudo of ["passwordless", "password"] as const) {
        const hosts = sshd.hosts({ "cp-1": sshd.target({ user, sudo }) });
        expect(await whoami(hosts), `${shell} ${sudo}`).toBe("root");
        const local = join(sshd.directory, "local");
        writeFileSync(local, `by ${shell} ${sudo}`);
        expect(await uploaded(hosts.session(cp1), local, join(sshd.directory, "it's"), 0o600)).toBe("sent");
        await hosts.close();
      }
    }
    execFileSync("usermod", ["-s", "/usr/sbin/nologin", user]);
    const hosts = sshd.hosts({ "cp-1": sshd.target({ user, sudo: "passwordless" }) }, { keepAliveSeconds: 0 });
    expect((await problemOf(whoami(hosts))).code).toBe("ssh/shell-missing");
  });
});
