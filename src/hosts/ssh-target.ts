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

/**
 * The jump hosts of a target, in the order they are passed. Throws `ssh/target-not-usable` for anything that ssh, or
 * the shell it starts for a jump, could read as something else than a name.
 */
export function jumpHops(name: string, target: SshTarget): readonly SshHop[] {
  requireHop(name, target);
  if (target.identityFile?.startsWith("-")) refuse(name, "identity file", target.identityFile);
  if (target.identityFile !== undefined && /[\0\n\r]/.test(target.identityFile)) {
    refuse(name, "identity file", target.identityFile);
  }
  if (target.proxyJump === undefined || target.proxyJump === "none") return [];
  return target.proxyJump.split(",").map((jump) => {
    const match = /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?\/?$/.exec(jump.trim());
    const host = match?.[2] ?? match?.[3];
    if (host === undefined) refuse(name, "jump host", jump);
    const hop = {
      host,
      ...(match?.[1] === undefined ? {} : { user: match[1] }),
      ...(match?.[4] === undefined ? {} : { port: Number(match[4]) }),
    };
    requireHop(name, hop);
    return hop;
  });
}

function requireHop(name: string, hop: SshHop): void {
  if (!hostPattern.test(hop.host)) refuse(name, "ssh host", hop.host);
  if (hop.user !== undefined && !userPattern.test(hop.user)) refuse(name, "ssh user", hop.user);
  const { port } = hop;
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65536))
    refuse(name, "ssh port", String(port));
}

function refuse(name: string, what: string, value: string): never {
  throw new ProblemError({
    code: "ssh/target-not-usable",
    severity: "error",
    message: `${name}: the ${what} ${JSON.stringify(value)} cannot be used`,
    because: "only letters, digits and . _ : % - may be in it, and it may not begin with a dash",
    hint: { text: "give it an alias in ~/.ssh/config and name that" },
    where: { host: name },
  });
}

/** "admin@10.0.0.1 port 2222", for messages. */
export function showTarget(hop: SshHop): string {
  return `${hop.user === undefined ? "" : `${hop.user}@`}${hop.host}${hop.port === undefined ? "" : ` port ${hop.port}`}`;
}
