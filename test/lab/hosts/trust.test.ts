import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HostName } from "../../../src/hosts/port.ts";
import type { SshClientSettings } from "../../../src/hosts/ssh-arguments.ts";
import { checkHostKey, trustHostKey } from "../../../src/hosts/trust.ts";
import { type PrivateSshd, privateSshd, whyNoSshd } from "./private-sshd.ts";

const skip = whyNoSshd();

describe.skipIf(skip !== undefined)(`host keys of a private sshd${skip === undefined ? "" : ` (${skip})`}`, () => {
  let sshd: PrivateSshd;
  let settings: SshClientSettings;

  beforeEach(async () => {
    sshd = await privateSshd();
    await sshd.start();
    settings = {
      knownHostsFile: join(sshd.directory, "state", "known_hosts"),
      configFile: sshd.configFile,
      keepAliveSeconds: 0,
      connectSeconds: 10,
    };
  });
  afterEach(() => sshd.remove());

  test("an unknown key is shown, recorded, and then trusted", async () => {
    const target = sshd.target();
    const state = await checkHostKey("cp-1", target, settings);
    if (state.state !== "unknown") throw new Error(`the key is ${state.state}`);
    const print = execFileSync("ssh-keygen", ["-lf", join(sshd.directory, "host_key.pub")], { encoding: "utf8" });
    expect(state.keys.map((key) => key.fingerprint)).toEqual([print.split(" ")[1]]);
    expect(sshd.logins()).toBe(0);
    await trustHostKey(settings.knownHostsFile, state.keys);
    await trustHostKey(settings.knownHostsFile, state.keys);
    expect(readFileSync(settings.knownHostsFile, "utf8").split("\n").length).toBe(2);
    expect(statSync(settings.knownHostsFile).mode & 0o777).toBe(0o600);
    const keys = state.keys.map(({ type, fingerprint }) => ({ type, fingerprint }));
    expect(await checkHostKey("cp-1", target, settings)).toEqual({ state: "trusted", keys });
    const hosts = sshd.hosts({ "cp-1": target }, { knownHostsFile: settings.knownHostsFile });
    expect(await hosts.session("cp-1" as HostName).read([{ kind: "stat", path: "/" }])).toMatchObject([
      { type: "directory" },
    ]);
  });

  test("a key the user's own file knows is trusted", async () => {
    const key = readFileSync(join(sshd.directory, "host_key.pub"), "utf8");
    writeFileSync(join(sshd.directory, "user_known_hosts"), `[127.0.0.1]:${sshd.port} ${key}`);
    expect(await checkHostKey("cp-1", sshd.target(), settings)).toMatchObject({
      state: "trusted",
      keys: [{ type: "ssh-ed25519" }],
    });
  });

  test("jump hosts are asked about one after the other, the target last", async () => {
    const target = sshd.target({ host: "127.0.0.3", proxyJump: `127.0.0.1:${sshd.port},root@127.0.0.2:${sshd.port}` });
    const seen: string[] = [];
    for (;;) {
      const state = await checkHostKey("cp-1", target, settings);
      if (state.state !== "unknown") {
        expect(state.state === "trusted" && state.keys.length).toBe(3);
        break;
      }
      seen.push(`${state.isJump ? "jump" : "target"} ${state.at}`);
      await trustHostKey(settings.knownHostsFile, state.keys);
    }
    expect(seen).toEqual([
      `jump 127.0.0.1 port ${sshd.port}`,
      `jump root@127.0.0.2 port ${sshd.port}`,
      `target root@127.0.0.3 port ${sshd.port}`,
    ]);
  });

  test("a changed key is told apart and has no keys to trust", async () => {
    const target = sshd.target();
    const state = await checkHostKey("cp-1", target, settings);
    if (state.state !== "unknown") throw new Error(`the key is ${state.state}`);
    await trustHostKey(settings.knownHostsFile, state.keys);
    await sshd.stop();
    sshd.makeHostKey();
    await sshd.start();
    expect(await checkHostKey("cp-1", target, settings)).toMatchObject({
      state: "changed",
      problem: { code: "ssh/host-key-changed" },
    });
  });
});
