import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Puts the program and its libraries into one file, dist/slipway/main.js: commands that ask hosts start in two thirds of
 * the time (`--help` takes twice as long), and a program that runs for an hour never loads a part of itself that an update
 * has exchanged. `bin/slipway.js` runs it as long as no source is newer.
 */
const target = fileURLToPath(new URL("dist/slipway", import.meta.url));
const input = fileURLToPath(new URL("src/main.ts", import.meta.url));

const startedAt = new Date();
const { rolldown } = await import("rolldown").catch((error: NodeJS.ErrnoException) => {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  console.error("build: rolldown is not installed (npm ci --omit=dev); the sources will be run as they are");
  process.exit(0);
});

// Beside its place and renamed: what a build in progress has written is never run.
mkdirSync(dirname(target), { recursive: true });
const folder = mkdtempSync(join(dirname(target), ".slipway-"));
try {
  const bundle = await rolldown({ input, platform: "node", logLevel: "warn" });
  await bundle.write({ dir: folder, format: "esm", codeSplitting: false });
  await bundle.close();
  // As old as the oldest source that may be in it: one that was changed meanwhile is newer.
  utimesSync(join(folder, "main.js"), startedAt, startedAt);
  // Others on this computer may run it too.
  chmodSync(folder, 0o755);
  rmSync(target, { recursive: true, force: true });
  renameSync(folder, target);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
