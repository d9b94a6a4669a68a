import type { Read } from "../hosts/port.ts";
import { ProblemError } from "../problems/problem.ts";
import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";

// grep prints PATH:VALUE for any number of files in one process, skips what is not there, and is on every host;
// sysctl(8) is not.
const argv = ["grep", "-Hs", "-e", "", "--"];
const asked = argv.join(" ");

/**
 * Runtime values of kernel settings by key ("net.ipv4.ip_forward"), blanks between numbers made single spaces. A key
 * that the kernel does not have is absent. Throws `host/bad-sysctl` for a key that is no name of a setting.
 */
export function sysctls(keys: readonly string[]): Fact<ReadonlyMap<string, string>> {
  const paths = new Map(keys.map((key) => [sysctlPath(key), key]));
  const reads: readonly Read[] = [{ kind: "run", argv, operands: [...paths.keys()] }];
  return {
    name: `sysctls ${keys.join(" ")}`,
    reads,
    parse([answer]) {
      const result = commandOf("sysctls", asked, answer);
      // 0: all there, 1: none has a line, 2: some are not there. Anything else is no answer of grep's.
      if (result.exitCode > 2) {
        throw notUnderstood("sysctls", asked, answer, `it ended with exit code ${result.exitCode}`);
      }
      const values = new Map<string, string>();
      for (const line of result.stdout.toString("utf8").split("\n")) {
        if (line === "") continue;
        const colon = line.indexOf(":");
        if (colon < 1) throw notUnderstood("sysctls", asked, answer, `line "${line}" is not PATH:VALUE`);
        const key = paths.get(line.slice(0, colon));
        if (key !== undefined) values.set(key, normalSysctl(line.slice(colon + 1)));
      }
      return values;
    },
  };
}

/** A value with its blanks made single spaces: the kernel separates numbers by tabs, people by spaces. */
export function normalSysctl(value: string): string {
  return value.trim().split(/\s+/).join(" ");
}

/**
 * Where a setting lives. The first separator decides, as in sysctl.d(5): after a dot, slashes stand for dots in names
 * ("net.ipv4.conf.eth0/100.forwarding"), and the other way round.
 */
export function sysctlPath(key: string): string {
  const dot = key.indexOf(".");
  const slash = key.indexOf("/");
  const bySlash = slash >= 0 && (dot < 0 || slash < dot);
  const path = bySlash ? key : key.replace(/[./]/g, (one) => (one === "." ? "/" : "."));
  const fine = /^[A-Za-z0-9_][A-Za-z0-9_.@/-]*$/.test(path) && !path.split("/").some((part) => /^\.*$/.test(part));
  if (fine) return `/proc/sys/${path}`;
  throw new ProblemError({
    code: "host/bad-sysctl",
    severity: "error",
    message: `${JSON.stringify(key)} is not a kernel setting`,
    because: "a key is names of letters, digits, _ and - with dots between",
    hint: { text: "Correct os.sysctls in the cluster file" },
  });
}
