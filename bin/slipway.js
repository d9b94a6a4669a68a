#!/usr/bin/env node
// Plain JavaScript on purpose: it must be able to say what is missing on a Node that cannot run the rest.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { constants } from "node:os";
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
  const run = spawn(pinned, process.argv.slice(1), {
    stdio: "inherit",
    env: { ...process.env, SLIPWAY_PINNED_NODE: "1" },
  });
  // A terminal sends Ctrl-C and its own end to both, and the child decides what they mean; 'kill' sends SIGTERM to one.
  for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => undefined);
  process.on("SIGTERM", () => run.kill("SIGTERM"));
  run.on("error", (error) => {
    console.error(`${pinned} cannot be started: ${error.message}\n  hint  run 'npm ci', or install Node 24`);
    process.exit(2);
  });
  run.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
