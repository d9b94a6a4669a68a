import { describe, expect, test } from "vitest";
import { ProblemError } from "../problems/problem.ts";
import { controlPath, type SshClientSettings, sshArguments } from "./ssh-arguments.ts";
import { jumpHops, type SshTarget } from "./ssh-target.ts";

const settings: SshClientSettings = {
  knownHostsFile: "/state/my cluster/100%/known_hosts",
  controlDirectory: "/run/user/1000/slipway",
  keepAliveSeconds: 60,
  connectSeconds: 10,
};
const target: SshTarget = { host: "cp-1", sudo: "none" };

test("what is not given is left to the user's own configuration", () => {
  const args = sshArguments(settings, "cp-1", target, "true");
  expect(args.filter((arg) => ["-l", "-p", "-i", "-F", "-J"].includes(arg))).toEqual([]);
  expect(args.some((arg) => /^(User|Port|IdentityFile|ProxyCommand|ProxyJump|UserKnownHostsFile)=/.test(arg))).toBe(
    false,
  );
  expect(args.slice(-3)).toEqual(["--", "cp-1", "true"]);
});

test("host keys are always checked, against the user's files and Slipway's", () => {
  const args = sshArguments(settings, "cp-1", target, "true");
  expect(args).toContain("StrictHostKeyChecking=yes");
  expect(args).toContain(
    'GlobalKnownHostsFile=/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2 "/state/my cluster/100%%/known_hosts"',
  );
});

test("without a folder for sockets every connection is its own", () => {
  const { controlDirectory: _, ...own } = settings;
  expect(sshArguments(own, "cp-1", target, "true")).toEqual(
    expect.arrayContaining(["ControlMaster=no", "ControlPath=none"]),
  );
  expect(controlPath(own, "cp-1", target)).toBe(undefined);
});

test("different ways to a host never share a control socket, and the path stays short", () => {
  const ways: SshTarget[] = [
    target,
    { ...target, port: 2222 },
    { ...target, user: "admin" },
    { ...target, identityFile: "~/.ssh/other" },
    { ...target, proxyJump: "bastion" },
    { ...target, proxyJump: "bastion,inner" },
  ];
  const paths = ways.map((way) => controlPath(settings, "cp-1", way) ?? "");
  expect(new Set(paths).size).toBe(ways.length);
  // 104 bytes on macOS, of which ssh itself needs 17 while it makes the socket.
  for (const path of paths) expect(path.length + 17).toBeLessThan(104);
});

test("who trusts other host keys opens a connection of their own, which checks them", () => {
  const other = { ...settings, knownHostsFile: "/state/another/known_hosts" };
  expect(controlPath(other, "cp-1", target)).not.toBe(controlPath(settings, "cp-1", target));
});

describe("jump hosts", () => {
  test("are read in every form ssh -J takes", () => {
    const proxyJump = "bastion,admin@10.0.0.1:2222,ssh://root@[fd00::1]:22,[fe80::1%eth0]";
    expect(jumpHops("w-1", { ...target, proxyJump })).toEqual([
      { host: "bastion" },
      { host: "10.0.0.1", user: "admin", port: 2222 },
      { host: "fd00::1", user: "root", port: 22 },
      { host: "fe80::1%eth0" },
    ]);
  });

  test("are checked as strictly as the target, and their tokens are not the target's", () => {
    const args = sshArguments(settings, "w-1", { ...target, proxyJump: "first,admin@second:2222" }, "true");
    const command = args.find((arg) => arg.startsWith("ProxyCommand=")) ?? "";
    expect(command).toContain("'StrictHostKeyChecking=yes'");
    expect(command.endsWith(` '-l' 'admin' '-p' '2222' -W '[%h]:%p' -- 'second'`)).toBe(true);
    // One level further in, ssh reads the line twice.
    expect(command).toContain(`-W '\\''[%%h]:%%p'\\'' -- '\\''first'\\''`);
    expect(command).toContain("100%%%%/known_hosts");
  });
});

test.each([
  { host: "-oProxyCommand=id" },
  { host: "a b" },
  { host: "$(id)" },
  { host: "" },
  { user: "-l" },
  { user: "a;id" },
  { port: 0 },
  { port: 70_000 },
  { identityFile: "-i" },
  { proxyJump: "bastion;id" },
  { proxyJump: "-oProxyCommand=id" },
  { proxyJump: "x@-y" },
  { proxyJump: "a,,b" },
  { proxyJump: "a:99999" },
])("refuses %o as a way to a host", (over) => {
  expect(() => sshArguments(settings, "cp-1", { ...target, ...over }, "true")).toThrow(ProblemError);
});
