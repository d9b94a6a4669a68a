import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "slipway-built-"));
  mkdirSync(join(root, "bin"));
  copyFileSync(fileURLToPath(new URL("../../bin/slipway.js", import.meta.url)), join(root, "bin/slipway.js"));
  put("package.json", '{ "type": "module" }');
  put("src/main.ts", 'export function main(): void { console.log("sources"); }');
  put("src/cli/other.ts", "export const other = 1;");
  for (const name of ["src/cli/other.ts", "src/main.ts", "src/cli", "src", "package.json"]) changedAt(name, 100);
  put("dist/slipway/main.js", 'export function main() { console.log("built"); }');
  changedAt("dist/slipway/main.js", 50);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}

function changedAt(name: string, secondsAgo: number): void {
  const at = Date.now() / 1000 - secondsAgo;
  utimesSync(join(root, name), at, at);
}

function whatRuns(): string {
  const env = { ...process.env, XDG_CACHE_HOME: join(root, "cache") };
  const run = spawnSync(process.execPath, [join(root, "bin/slipway.js")], { encoding: "utf8", env });
  expect(run.stderr).toBe("");
  return run.stdout.trim();
}

describe("the command line", () => {
  test("runs the program in one file when that is newer than all sources", () => {
    expect(whatRuns()).toBe("built");
  });

  test("runs the sources where nothing was built", () => {
    rmSync(join(root, "dist"), { recursive: true });
    expect(whatRuns()).toBe("sources");
  });

  test.each(["src/cli/other.ts", "package.json"])("runs the sources when %s was changed since", (name) => {
    changedAt(name, 1);
    expect(whatRuns()).toBe("sources");
  });

  test("runs the sources when one of them was removed since", () => {
    rmSync(join(root, "src/cli/other.ts"));
    expect(whatRuns()).toBe("sources");
  });

  test("runs the sources when one of them was changed while the program was built", () => {
    rmSync(join(root, "dist"), { recursive: true });
    copyFileSync(fileURLToPath(new URL("../../build.ts", import.meta.url)), join(root, "build.ts"));
    symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(root, "node_modules"));
    const { status } = spawnSync(process.execPath, [join(root, "build.ts")], { stdio: "inherit" });
    expect(status).toBe(0);
    // The folder is made when the build has begun, and before it reads a source.
    const { birthtime } = statSync(join(root, "dist"));
    put("src/main.ts", 'export function main(): void { console.log("changed"); }');
    utimesSync(join(root, "src/main.ts"), birthtime, birthtime);
    expect(existsSync(join(root, "dist/slipway/main.js"))).toBe(true);
    expect(whatRuns()).toBe("changed");
  });

  test("runs the program of a package that comes without sources", () => {
    rmSync(join(root, "src"), { recursive: true });
    expect(whatRuns()).toBe("built");
  });

  test("takes a changed test for no change of the program", () => {
    put("src/cli/other.test.ts", "");
    for (const name of ["src/cli/other.test.ts", "src/cli"]) changedAt(name, name.endsWith(".ts") ? 1 : 100);
    expect(whatRuns()).toBe("built");
  });
});
