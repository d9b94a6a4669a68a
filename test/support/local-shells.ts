import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostName } from "../../src/hosts/port.ts";
import { spawnShell } from "../../src/hosts/shell-process.ts";
import type { OpenShell } from "../../src/hosts/ssh-dialer.ts";
import { type OpenSshOptions, openSshHosts, type SshHosts } from "../../src/hosts/ssh-hosts.ts";

/** A shell on this computer that stands for a remote one: what sshd would start, without sshd. */
export interface LocalShell {
  readonly name: string;
  readonly open: OpenShell;
  remove(): void;
}

/** The POSIX shells this computer has; with busybox come its own stat, sha256sum, base64 and so on. */
export function localShells(): readonly LocalShell[] {
  return ["dash", "bash", "busybox"].flatMap((name) => localShell(name) ?? []);
}

function localShell(name: string): LocalShell | undefined {
  const found = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
  if (found === "") return undefined;
  const bin = mkdtempSync(join(tmpdir(), "slipway-shell-"));
  if (name === "busybox") execFileSync(found, ["--install", "-s", bin]);
  else symlinkSync(found, join(bin, "sh"));
  return {
    name,
    open: (args) => spawnShell("env", [`PATH=${bin}:/usr/bin:/bin`, "sh", "-c", args.at(-1) ?? ""]),
    remove: () => rmSync(bin, { recursive: true, force: true }),
  };
}

export const localHost = "local-1" as HostName;

/** One host, reached through a local shell. */
export function localHosts(open: OpenShell, options: Partial<OpenSshOptions> = {}): SshHosts {
  return openSshHosts({
    targets: new Map([[localHost, { host: "localhost", sudo: "none" }]]),
    knownHostsFile: "/nonexistent/known_hosts",
    requireRoot: false,
    openShell: open,
    ...options,
  });
}
