#!/usr/bin/env node
// Plain JavaScript on purpose: it must be able to say what is missing on a Node that cannot run the rest.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { fileURLToPath } from "node:url";

const [major] = process.versions.node.split(".").map(Number);
if (major >= 24) {
  nodeModule.enableCompileCache?.();
  const { main } = await import("../src/main.ts");
  await main(process.argv.slice(2));
} else {
  const pinned = fileURLToPath(
    new URL(`../node_modules/node-${process.platform}-${process.arch}/bin/node`, import.meta.url),
  );
  if (process.env.SLIPWAY_PINNED_NODE || !existsSync(pinned)) {
    console.error(
      `slipway needs Node 24 or newer; this is ${process.version}\n  hint  run 'npm ci' (it brings Node 24 on Linux), or install Node 24`,
    );
    process.exit(2);
  }
  // A terminal sends Ctrl-C to both; the child decides what it means.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => undefined);
  const run = spawnSync(pinned, process.argv.slice(1), {
    stdio: "inherit",
    env: { ...process.env, SLIPWAY_PINNED_NODE: "1" },
  });
  if (run.signal) process.kill(process.pid, run.signal);
  process.exit(run.status ?? 1);
}
