import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { HostName } from "../../../src/hosts/port.ts";
import { type OpenSshOptions, openSshHosts, type SshHosts } from "../../../src/hosts/ssh-hosts.ts";
import type { SshTarget } from "../../../src/hosts/ssh-target.ts";

/** Why no sshd of our own can be run here; undefined when it can. */
export function whyNoSshd(): string | undefined {
  if (process.getuid?.() !== 0) return "not root: sshd cannot log anybody else in";
  if (spawnSync("sh", ["-c", "command -v ssh sshd ssh-keygen"]).status !== 0)
    return "no sshd: apt-get install openssh-server";
  return undefined;
}

/** An sshd on the loopback addresses 127.0.0.1-6, with keys and a client configuration of its own. */
export interface PrivateSshd {
  readonly directory: string;
  readonly port: number;
  readonly knownHostsFile: string;
  readonly configFile: string;
  readonly controlDirectory: string;
  /** A target on it; root with the test's key unless said otherwise. */
  target(over?: Partial<SshTarget>): SshTarget;
  hosts(targets: Readonly<Record<string, SshTarget>>, options?: Partial<OpenSshOptions>): SshHosts;
  /** How often somebody logged in with a key. */
  logins(): number;
  /** Records the host key for all its addresses. */
  trustAll(): void;
  makeHostKey(): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  remove(): Promise<void>;
}

const addresses = [1, 2, 3, 4, 5, 6].map((last) => `127.0.0.${last}`);

export async function privateSshd(): Promise<PrivateSshd> {
  const directory = mkdtempSync("/tmp/slipway-sshd-");
  const port = await freePort();
  const file = (name: string) => join(directory, name);
  execFileSync("chmod", ["0755", directory]);
  mkdirSync("/run/sshd", { recursive: true });
  mkdirSync(file("ctl"), { mode: 0o700 });
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file("id")]);
  execFileSync("cp", [file("id.pub"), file("authorized_keys")]);
  const makeHostKey = () => {
    rmSync(file("host_key"), { force: true });
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file("host_key")]);
  };
  makeHostKey();
  writeFileSync(file("known_hosts"), "");
  writeFileSync(
    file("sshd_config"),
    [
      `Port ${port}`,
      ...addresses.map((address) => `ListenAddress ${address}`),
      `HostKey ${file("host_key")}`,
      `AuthorizedKeysFile ${file("authorized_keys")}`,
      "PidFile none",
      "StrictModes no",
      "UsePAM no",
      "PasswordAuthentication no",
      "PermitRootLogin prohibit-password",
      "MaxSessions 10",
      "LogLevel VERBOSE",
      "",
    ].join("\n"),
  );
  // Nothing of the home directory of whoever runs the tests.
  const config = [
    "Host *",
    `  IdentityFile ${file("id")}`,
    "  IdentitiesOnly yes",
    `  UserKnownHostsFile ${file("user_known_hosts")}`,
    "",
  ];
  writeFileSync(file("config"), config.join("\n"), { mode: 0o600 });

  const log = () => (existsSync(file("sshd.log")) ? readFileSync(file("sshd.log"), "utf8") : "");
  const listening = () => log().split(`Server listening on ${addresses.at(-1)} `).length;
  let daemon: ReturnType<typeof spawn> | undefined;
  const opened: SshHosts[] = [];
  const sshd: PrivateSshd = {
    directory,
    port,
    knownHostsFile: file("known_hosts"),
    configFile: file("config"),
    controlDirectory: file("ctl"),
    target: (over) => ({ host: "127.0.0.1", port, user: "root", sudo: "none", ...over }),
    hosts(targets, options) {
      const hosts = openSshHosts({
        targets: new Map(Object.entries(targets).map(([name, target]) => [name as HostName, target])),
        knownHostsFile: sshd.knownHostsFile,
        configFile: sshd.configFile,
        controlDirectory: sshd.controlDirectory,
        keepAliveSeconds: 30,
        ...options,
      });
      opened.push(hosts);
      return hosts;
    },
    logins: () => log().split("Accepted publickey").length - 1,
    trustAll() {
      const key = readFileSync(file("host_key.pub"), "utf8").trim();
      writeFileSync(file("known_hosts"), addresses.map((address) => `[${address}]:${port} ${key}\n`).join(""));
    },
    makeHostKey,
    async start() {
      const path = spawnSync("sh", ["-c", "command -v sshd"], { encoding: "utf8" }).stdout.trim();
      // The one before may leave a child that holds its sockets a moment longer.
      for (let tries = 0; tries < 100 && (await answers(port)); tries += 1) await pause(20);
      // Counted before it starts, since it may be listening before this process goes on.
      const before = listening();
      daemon = spawn(path, ["-D", "-f", file("sshd_config"), "-E", file("sshd.log")], { stdio: "ignore" });
      const started = daemon;
      const deadline = Date.now() + 30_000;
      while (listening() === before) {
        if (started.exitCode !== null || Date.now() > deadline) throw new Error(`sshd did not start: ${log()}`);
        await pause(20);
      }
    },
    async stop() {
      const running = daemon;
      daemon = undefined;
      if (running === undefined || running.exitCode !== null) return;
      const gone = new Promise((resolve) => running.once("exit", resolve));
      running.kill();
      await gone;
    },
    async remove() {
      for (const hosts of opened) {
        await hosts.close();
        await hosts.closeMasters();
      }
      await sshd.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return sshd;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** A port nobody listens on, below the range outgoing connections take theirs from. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + randomInt(15_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "0.0.0.0", () => server.close(() => resolve(true)));
  });
}
