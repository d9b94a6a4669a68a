import type { Hint, ProblemCode } from "../problems/problem.ts";
import { quote } from "./quote.ts";
import { type SshTarget, showTarget } from "./ssh-target.ts";

/** One way for a connection not to come about, recognised by what ssh, sudo or the shell print. */
export interface FailureRule {
  readonly code: ProblemCode;
  readonly when: RegExp;
  readonly message: string;
  readonly because: (match: RegExpExecArray, context: FailureContext) => string;
  readonly hint?: (context: FailureContext) => Hint;
}

/** What a rule may speak about. */
export interface FailureContext {
  readonly name: string;
  readonly target: SshTarget;
  /** `ssh ... true`, as a person would type it. */
  readonly tryIt: string;
}

/** The part of sshd's and ssh's wording that is stable since OpenSSH 7; the first rule that matches wins. */
export const failureRules: readonly FailureRule[] = [
  {
    code: "ssh/host-key-changed",
    when: /REMOTE HOST IDENTIFICATION HAS CHANGED|REVOKED HOST KEY|Host key for (\S+) has changed|HOST KEY.*is marked as revoked/,
    message: "the host key is not the one that is recorded",
    because: (match, context) => changedBecause(match.input, context),
    hint: () => ({
      text:
        "this is what an attack looks like; if the host was reinstalled, remove the old line from that file, then " +
        "record the new key",
    }),
  },
  {
    code: "ssh/host-key-unknown",
    when: /No (\S+) host key is known for (\S+) and you have requested strict checking/,
    message: "the host key is not known",
    because: (match) => `no ${match[1]} key of ${match[2]} is recorded`,
    hint: ({ name }) => ({
      text: "compare the fingerprint with the host's own, then record it",
      command: `slipway hosts trust ${quoteIfNeeded(name)}`,
    }),
  },
  {
    code: "ssh/name-not-found",
    when: /Could not resolve hostname (\S+?):? (.+)/,
    message: "the name cannot be resolved",
    because: (match) => `${match[1]}: ${match[2]?.trim()}`,
    hint: () => ({ text: "give the host's address, or an alias in ~/.ssh/config, as ssh.host in the cluster file" }),
  },
  {
    code: "ssh/authentication-failed",
    when: /(?:(\S+@\S+): )?Permission denied \(([^)]*)\)|Too many authentication failures/,
    message: "the login was refused",
    because: (match, { target }) =>
      `${match[1] ?? showTarget(target)} takes ${match[2] ?? "no more keys"}, and none that was offered${keyTrouble(match.input)}`,
    hint: ({ tryIt }) => ({
      text: "load the right key into the agent, or name it as ssh.identityFile; this must work",
      command: tryIt,
    }),
  },
  {
    code: "ssh/unreachable",
    when: /open failed: ([^\n]+)|stdio forwarding failed/,
    message: "it cannot be reached",
    because: (match, { target }) =>
      `the jump host ${target.proxyJump ?? "in between"} cannot connect to ${showTarget(target)}: ${(match[1] ?? match[0]).trim()}`,
    hint: ({ tryIt }) => ({ text: "check address, port and firewall as seen from the jump host", command: tryIt }),
  },
  {
    code: "ssh/refused-by-host",
    when: /(?:kex_exchange_identification|ssh_exchange_identification|banner exchange)[^\n]*(?:closed|reset|timed? ?out)|Connection (?:closed|reset) by \S+ port \d+/i,
    message: "the connection was dropped before the login",
    because: (match) => `ssh says: ${match[0].trim()}`,
    hint: () => ({
      text: "sshd may be limiting new connections (MaxStartups, PerSourceMaxStartups, fail2ban): look at its log",
      command: "journalctl -u ssh -u sshd -n 50",
    }),
  },
  {
    code: "ssh/unreachable",
    when: /(Connection timed out|Operation timed out|Connection refused|No route to host|Network is unreachable|Host is down|Connection reset by peer|stdio forwarding failed)/i,
    message: "it cannot be reached",
    because: (match, { target }) => `${showTarget(target)}: ${lastLine(match.input, match[1] ?? "")}`,
    hint: ({ tryIt }) => ({ text: "check address, port, firewall and that sshd runs; this must work", command: tryIt }),
  },
  {
    code: "ssh/negotiation-failed",
    when: /Unable to negotiate with [^\n]*|no matching [^\n]* found[^\n]*/,
    message: "no common encryption was found",
    because: (match) => match[0].trim(),
    hint: () => ({ text: "allow one of the offered algorithms for this host in ~/.ssh/config" }),
  },
  {
    code: "ssh/configuration-invalid",
    when: /(?:command-line|\S+): (?:line \d+: )?(?:Bad configuration option|Bad owner or permissions|terminating, \d+ bad configuration)[^\n]*|Bad owner or permissions on [^\n]*/,
    message: "ssh does not accept its configuration",
    because: (match) => match[0].trim(),
    hint: () => ({ text: "mend that line of the ssh configuration" }),
  },
  {
    code: "ssh/sudo-password-needed",
    when: /sudo: (?:a password is required|a terminal is required|no password was provided|interactive authentication is required)/,
    message: "sudo asks for a password",
    because: (_, { target }) =>
      `ssh.sudo is "${target.sudo}" and ${target.user ?? "the user"} has no NOPASSWD rule there`,
    hint: () => ({ text: 'set "sudo: password" for the host in the cluster file, or give the user a NOPASSWD rule' }),
  },
  {
    code: "ssh/sudo-needs-terminal",
    when: /sudo: sorry, you must have a tty to run sudo/,
    message: "sudo insists on a terminal",
    because: () => "requiretty is set in its sudoers file",
    hint: ({ target }) => ({ text: `add "Defaults:${target.user ?? "USER"} !requiretty" there`, command: "visudo" }),
  },
  {
    code: "ssh/sudo-not-allowed",
    when: /is not in the sudoers file|is not allowed to (?:execute|run sudo)|sudo: [^\n]*not allowed|may not run sudo/i,
    message: "sudo is not allowed",
    because: (match, { target }) => lastLine(match.input, match[0]) || `${target.user ?? "the user"} may not use sudo`,
    hint: ({ target }) => ({ text: `allow ${target.user ?? "the user"} to run sh as root in the host's sudoers file` }),
  },
  {
    code: "ssh/sudo-missing",
    when: /sudo: (?:command )?not found|sudo: Unknown command|Unknown command:? '?sudo|sudo: Command not found/i,
    message: "sudo is not installed",
    because: ({ input }) => lastLine(input, "sudo"),
    hint: () => ({ text: 'install sudo, or log in as root with "sudo: none"' }),
  },
  {
    code: "ssh/shell-missing",
    when: /(?:\bsh|id|exec)(?:: |\W)[^\n]*(?:not found|No such file or directory|Unknown command)|This account is (?:currently )?not available|Subsystem not found|shell request failed|exec request failed/i,
    message: "it gives no shell",
    because: ({ input, 0: said }) => lastLine(input, said),
    hint: () => ({ text: "give the user a login shell, and the host a POSIX sh" }),
  },
];

/** The command a person tries by hand. */
export function tryCommand(target: SshTarget): string {
  return [
    "ssh",
    ...(target.proxyJump === undefined ? [] : ["-J", quoteIfNeeded(target.proxyJump)]),
    ...(target.identityFile === undefined ? [] : ["-i", quoteIfNeeded(target.identityFile)]),
    ...(target.port === undefined ? [] : ["-p", String(target.port)]),
    `${target.user === undefined ? "" : `${target.user}@`}${target.host}`,
    "true",
  ].join(" ");
}

/** For a command in a hint. */
function quoteIfNeeded(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,[\]-]+$/.test(word) ? word : quote(word);
}

function changedBecause(text: string, { target }: FailureContext): string {
  const fingerprint = /SHA256:[A-Za-z0-9+/=]+/.exec(text)?.[0];
  const offending = /Offending (?:key|\S+ key) in (\S+:\d+)/.exec(text)?.[1];
  const host = /Host key for (\S+) has changed/.exec(text)?.[1] ?? target.host;
  return `${host} offers ${fingerprint ?? "another key"}; a different key is recorded${offending === undefined ? "" : ` in ${offending}`}`;
}

function keyTrouble(text: string): string {
  const trouble = /^.*(?:Load key|UNPROTECTED PRIVATE KEY|not accessible|bad permissions|no such identity).*$/m.exec(
    text,
  );
  return trouble === null ? "" : ` (${trouble[0].replaceAll("@", "").trim()})`;
}

/** The last line that says something, preferably one that contains `part`. */
export function lastLine(text: string, part: string): string {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return (part === "" ? undefined : lines.findLast((line) => line.includes(part))) ?? lines.at(-1) ?? "";
}
