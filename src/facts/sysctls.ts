import { ProblemError } from "../problems/problem.ts";
import type { Fact } from "./fact.ts";
import { fileAmong, linesOfFiles } from "./lines-of-files.ts";

/**
 * Runtime values of kernel settings by key ("net.ipv4.ip_forward"), blanks between numbers made single spaces. A key
 * that the kernel does not have is absent. Throws `host/bad-sysctl` for a key that is no name of a setting.
 */
export function sysctls(keys: readonly string[]): Fact<ReadonlyMap<string, string>> {
  const paths = keys.map((key): [string, string] => [key, sysctlPath(key)]);
  return {
    name: `sysctls ${keys.join(" ")}`,
    reads: [linesOfFiles(paths.map(([, path]) => path))],
    parse([answer]) {
      const values = new Map<string, string>();
      for (const [key, path] of paths) {
        // Of those that are there, some can only be written.
        const file = fileAmong("sysctls", path, answer);
        if (file.kind === "content" && file.bytes.length > 0) values.set(key, normalSysctl(lastLine(file.bytes)));
      }
      return values;
    },
  };
}

function lastLine(bytes: Buffer): string {
  return bytes.toString("utf8").split("\n").at(-2) ?? "";
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
