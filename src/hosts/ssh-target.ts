import { ProblemError } from "../problems/problem.ts";

/** How to reach one host over SSH. What is not given is left to the user's ~/.ssh/config. */
export interface SshTarget {
  /** Name, address, or alias in ~/.ssh/config. */
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  readonly identityFile?: string;
  /** `[user@]host[:port]`, or several separated by commas, as ssh -J takes them. */
  readonly proxyJump?: string;
  /** "none": log in as root; "passwordless": sudo -n; "password": asked once per run, never stored. */
  readonly sudo: "none" | "passwordless" | "password";
}

/** One machine on the way: a jump host, or the target itself. */
export interface SshHop {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
}

const hostPattern = /^[A-Za-z0-9_.:][A-Za-z0-9_.:%-]*$/;
const userPattern = /^[A-Za-z0-9_.][A-Za-z0-9_.@\\$+-]*$/;

const jumpPattern = /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?\/?$/;

/** The part of a target that ssh, or the shell it starts for a jump, could read as something else than a name. */
export function whyNotUsable(target: SshTarget): { readonly what: string; readonly value: string } | undefined {
  const { identityFile } = target;
  if (identityFile !== undefined && (identityFile.startsWith("-") || /[\0\n\r]/.test(identityFile))) {
    return { what: "identity file", value: identityFile };
  }
  for (const jump of jumpTexts(target)) {
    const hop = parseJump(jump);
    if (hop === undefined || badWord(hop) !== undefined) return { what: "jump host", value: jump };
  }
  return badWord(target);
}

/** The jump hosts of a target, in the order they are passed. Throws `ssh/target-not-usable`. */
export function jumpHops(name: string, target: SshTarget): readonly SshHop[] {
  const bad = whyNotUsable(target);
  if (bad === undefined) return jumpTexts(target).flatMap((jump) => parseJump(jump) ?? []);
  throw new ProblemError({
    code: "ssh/target-not-usable",
    severity: "error",
    message: `${name}: the ${bad.what} ${JSON.stringify(bad.value)} cannot be used`,
    because: "only letters, digits and . _ : % - may be in it, and it may not begin with a dash",
    hint: { text: "give it an alias in ~/.ssh/config and name that" },
    where: { host: name },
  });
}

function jumpTexts(target: SshTarget): readonly string[] {
  if (target.proxyJump === undefined || target.proxyJump === "none") return [];
  return target.proxyJump.split(",").map((jump) => jump.trim());
}

function parseJump(text: string): SshHop | undefined {
  const [, user, bracketed, plain, port] = jumpPattern.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) return undefined;
  return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port: Number(port) }) };
}

function badWord({ host, user, port }: SshHop): { readonly what: string; readonly value: string } | undefined {
  if (!hostPattern.test(host)) return { what: "ssh host", value: host };
  if (user !== undefined && !userPattern.test(user)) return { what: "ssh user", value: user };
  if (port === undefined || (Number.isInteger(port) && port > 0 && port < 65536)) return undefined;
  return { what: "ssh port", value: String(port) };
}

/** "admin@10.0.0.1 port 2222", for messages. */
export function showTarget(hop: SshHop): string {
  return `${hop.user === undefined ? "" : `${hop.user}@`}${hop.host}${hop.port === undefined ? "" : ` port ${hop.port}`}`;
}
