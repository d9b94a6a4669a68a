import { describe, expect, test } from "vitest";
import { ShellLost } from "./remote-shell.ts";
import { connectProblem, lossProblem } from "./ssh-problem.ts";
import type { SshTarget } from "./ssh-target.ts";

const target: SshTarget = { host: "10.0.0.11", user: "admin", port: 2222, sudo: "passwordless" };

function lost(stderr: string, exitCode = 255): ShellLost {
  const end = { exitCode, signal: null };
  return new ShellLost("ended", { end, stderr, stdout: "", command: undefined, answered: 0 });
}

/** What the tools print, as captured from OpenSSH 8.9 to 9.9, sudo 1.9 and the shells. */
const captured: readonly (readonly [string, string])[] = [
  ["ssh/unreachable", "ssh: connect to host 10.0.0.11 port 22: Connection refused\r\n"],
  ["ssh/unreachable", "ssh: connect to host 10.0.0.11 port 22: Connection timed out\r\n"],
  ["ssh/unreachable", "ssh: connect to host 10.0.0.11 port 22: No route to host\r\n"],
  ["ssh/unreachable", "ssh: connect to host fd00::1 port 22: Network is unreachable\r\n"],
  ["ssh/unreachable", "Connection timed out during banner exchange\r\nConnection to 10.0.0.11 port 22 timed out\r\n"],
  [
    "ssh/unreachable",
    "channel 0: open failed: connect failed: Connection refused\r\nstdio forwarding failed\r\n" +
      "kex_exchange_identification: Connection closed by remote host\r\nConnection closed by UNKNOWN port 65535\r\n",
  ],
  ["ssh/name-not-found", "ssh: Could not resolve hostname cp-1.example: Name or service not known\r\n"],
  ["ssh/authentication-failed", "admin@10.0.0.11: Permission denied (publickey,password).\r\n"],
  [
    "ssh/authentication-failed",
    "Received disconnect from 10.0.0.11 port 22:2: Too many authentication failures\r\nDisconnected from 10.0.0.11\r\n",
  ],
  [
    "ssh/refused-by-host",
    "kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 10.0.0.11 port 22\r\n",
  ],
  ["ssh/refused-by-host", "kex_exchange_identification: read: Connection reset by peer\r\n"],
  [
    "ssh/host-key-unknown",
    "No ED25519 host key is known for [10.0.0.11]:2222 and you have requested strict checking.\r\n" +
      "Host key verification failed.\r\n",
  ],
  [
    "ssh/host-key-changed",
    "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\nIT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING " +
      "NASTY!\r\nThe fingerprint for the ED25519 key sent by the remote host is\nSHA256:AbC.\r\n" +
      "Offending ED25519 key in /home/a/.ssh/known_hosts:7\r\nHost key for 10.0.0.11 has changed and you have " +
      "requested strict checking.\r\nHost key verification failed.\r\n",
  ],
  [
    "ssh/negotiation-failed",
    "Unable to negotiate with 10.0.0.11 port 22: no matching host key type found. Their offer: ssh-rsa\r\n",
  ],
  ["ssh/configuration-invalid", "/home/a/.ssh/config: line 3: Bad configuration option: foo\r\n"],
  ["ssh/configuration-invalid", "Bad owner or permissions on /home/a/.ssh/config\r\n"],
  ["ssh/sudo-password-needed", "sudo: a password is required\n"],
  ["ssh/sudo-needs-terminal", "sudo: sorry, you must have a tty to run sudo\n"],
  [
    "ssh/sudo-not-allowed",
    "admin is not in the sudoers file.\nThis incident has been reported to the administrator.\n",
  ],
  ["ssh/sudo-not-allowed", "Sorry, user admin is not allowed to execute '/usr/bin/sh' as root on cp-1.\n"],
  ["ssh/sudo-missing", "bash: line 1: exec: sudo: not found\n"],
  ["ssh/sudo-missing", "sh: 1: exec: sudo: not found\n"],
  ["ssh/shell-missing", "This account is currently not available.\n"],
  ["ssh/shell-missing", "bash: line 1: exec: sh: not found\n"],
  ["ssh/failed", "something nobody has seen before\n"],
  ["ssh/failed", ""],
];

describe("a connection that does not come about", () => {
  test.each(captured)("is %s when ssh says %j", (code, stderr) => {
    const problem = connectProblem("cp-1", target, lost(stderr));
    expect(problem).toMatchObject({ code, severity: "error", where: { host: "cp-1" } });
    expect(problem.message.startsWith("cp-1: ")).toBe(true);
    expect(problem.because).toMatch(/\S/);
    expect(problem.hint?.text).toMatch(/\S/);
  });

  test("names the recorded line and the new fingerprint of a changed key", () => {
    const text = captured.find(([code]) => code === "ssh/host-key-changed")?.[1] ?? "";
    const { because } = connectProblem("cp-1", target, lost(text));
    expect(because).toBe("10.0.0.11 offers SHA256:AbC; a different key is recorded in /home/a/.ssh/known_hosts:7");
  });

  test("says which command must work", () => {
    const problem = connectProblem("cp-1", { ...target, proxyJump: "b@bastion" }, lost("x: Connection refused\n"));
    expect(problem.hint?.command).toBe("ssh -J b@bastion -p 2222 admin@10.0.0.11 true");
  });

  test("tells a computer without ssh", () => {
    const error = Object.assign(new Error("spawn ssh ENOENT"), { code: "ENOENT" });
    const end = { exitCode: null, signal: null, error };
    const gone = new ShellLost("ended", { end, stderr: "", stdout: "", command: undefined, answered: 0 });
    expect(connectProblem("cp-1", target, gone).code).toBe("ssh/client-missing");
  });
});

describe("a connection that is lost", () => {
  const command = { text: "", keepBytes: 1, keep: "head", withinMs: 30_000, shown: "systemctl restart etcd" } as const;

  test("leaves the outcome of a change unknown, and of a read not", () => {
    const ended = new ShellLost("ended", { stderr: "Broken pipe\n", stdout: "", command, answered: 0 });
    expect(lossProblem("cp-1", ended, true)).toMatchObject({
      code: "ssh/connection-lost",
      because: 'it broke during "systemctl restart etcd" (Broken pipe); whether it was carried out is not known',
    });
    expect(lossProblem("cp-1", ended, false).because).not.toContain("not known");
  });

  test("is a host that stopped answering when the deadline passed", () => {
    const silent = new ShellLost("no-answer", { stderr: "", stdout: "", command, answered: 0 });
    expect(lossProblem("cp-1", silent, false)).toMatchObject({
      code: "ssh/no-answer",
      because: 'no answer to "systemctl restart etcd" within 30 s',
    });
  });
});
