#!/usr/bin/env node
// Plain JavaScript on purpose: it must be able to say what is missing on a Node that cannot run the rest.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import * as nodeModule from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";

const [major] = process.versions.node.split(".").map(Number);
if (major >= 24) {
  if (process.env.SLIPWAY_PINNED_NODE && process.channel !== undefined) {
    // Whoever kills the process they see must not leave this one at work behind their back.
    process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
    process.channel.unref();
  }
  // With the variable, Node has enabled it by itself.
  const cache = process.env.NODE_COMPILE_CACHE ? undefined : compiledFolder();
  if (cache !== undefined) nodeModule.enableCompileCache?.(cache);
  const { main } = await import(builtProgram() ?? "../src/main.ts");
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
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, SLIPWAY_PINNED_NODE: "1" },
  });
  // A terminal sends Ctrl-C and its own end to both, and the child decides what they mean; without one they were sent to
  // this process alone.
  const hasTerminal = [0, 1, 2].some((fd) => isatty(fd));
  for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => hasTerminal || run.kill(signal));
  process.on("SIGTERM", () => run.kill("SIGTERM"));
  run.on("error", (error) => {
    console.error(`${pinned} cannot be started: ${error.message}\n  hint  run 'npm ci', or install Node 24`);
    process.exit(2);
  });
  run.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

/**
 * Where compiled code is kept for the next start: a folder nobody else can put something into, because what lies there
 * is run. Without one, starting takes a fifth of a second longer.
 */
function compiledFolder() {
  const uid = process.getuid?.();
  const { HOME: home, XDG_CACHE_HOME: given } = process.env;
  const caches = given || (home && join(home, ".cache"));
  if (uid === undefined || !caches?.startsWith("/")) return undefined;
  const own = (path) => {
    const stat = statSync(path);
    return stat.uid === uid && (stat.mode & 0o022) === 0;
  };
  const folder = join(caches, "slipway", "compiled");
  try {
    if (!own(existsSync(caches) ? caches : dirname(caches))) return undefined;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return own(caches) && own(dirname(folder)) && own(folder) ? folder : undefined;
  } catch {
    // No such home, read-only, full: nothing that stops a command.
    return undefined;
  }
}

/**
 * The program in one file (build.ts). Undefined where there is none, or where a source was changed after it was made:
 * then the sources are run, and most commands start a little later.
 */
function builtProgram() {
  const built = new URL("../dist/slipway/main.js", import.meta.url);
  const madeAt = statSync(built, { throwIfNoEntry: false })?.mtimeMs;
  if (madeAt === undefined) return undefined;
  const root = fileURLToPath(new URL("..", import.meta.url));
  // A folder's own time tells of files that are gone.
  const sources = existsSync(join(root, "src")) ? readdirSync(join(root, "src"), { recursive: true }) : [];
  const names = [
    "package.json",
    "src",
    ...sources.filter((name) => !/\.test\.ts$/.test(name)).map((name) => join("src", name)),
  ];
  const isNewer = (name) => (statSync(join(root, name), { throwIfNoEntry: false })?.mtimeMs ?? 0) > madeAt;
  return names.some(isNewer) ? undefined : built.href;
}
