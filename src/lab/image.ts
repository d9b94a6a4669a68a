import { chmod, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ProblemError } from "../problems/problem.ts";
import { hierarchies, onlyVersionTwo } from "./control-groups.ts";
import { withFileLock } from "./file-lock.ts";
import {
  aptSources,
  type ImageRecipe,
  imageFiles,
  imagePackages,
  machineUsers,
  maskedUnits,
  operatorPassword,
  recipeDigest,
  seededPackages,
} from "./image-recipe.ts";
import { labCache } from "./lab-paths.ts";
import { labProblem } from "./lab-problem.ts";
import type { OnProgress } from "./lab-progress.ts";
import { machineResolvConf } from "./machine-resolv-conf.ts";
import { unlessGone } from "./process-identity.ts";
import { runProgram } from "./run-program.ts";

/** Package lists in an image older than this are refreshed by making the image again, where the mirror answers. */
const freshMs = 3 * 24 * 60 * 60 * 1000;

/** The recipe this computer needs. `$SLIPWAY_LAB_MIRROR` names another Debian mirror than deb.debian.org. */
async function currentRecipe(): Promise<ImageRecipe> {
  const dump = await runProgram(["apt-config", "dump", "Acquire::http::Proxy"], { okExitCodes: [0, 127] });
  const proxy = /^Acquire::http::Proxy "(https?:\/\/[^"]+)";$/m.exec(dump.stdout)?.[1];
  return {
    suite: onlyVersionTwo(await hierarchies()) ? "trixie" : "bookworm",
    mirror: process.env.SLIPWAY_LAB_MIRROR ?? "http://deb.debian.org/debian",
    ...(proxy === undefined ? {} : { proxy }),
  };
}

async function newestGeneration(folder: string): Promise<{ path: string; madeAt: number } | undefined> {
  const names = (await readdir(folder).catch(unlessGone)) ?? [];
  const madeAt = Math.max(...names.filter((name) => /^\d+$/.test(name)).map(Number));
  return Number.isFinite(madeAt) ? { path: join(folder, String(madeAt)), madeAt } : undefined;
}

/**
 * Put before a program that makes an image: its processes end with this one, even by SIGKILL, and its mounts with them.
 * So the next one to make the image has it to itself, and removing what is unfinished can never reach through a mount.
 */
const bounded = [
  ...["setpriv", "--pdeathsig", "KILL", "--"],
  ...["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc", "--"],
];

/** Runs a program inside an image that is being made. */
async function inImage(root: string, argv: readonly string[], input?: string): Promise<void> {
  const options = { timeoutMs: 600_000, ...(input === undefined ? {} : { input }) };
  await runProgram([...bounded, "chroot", root, ...argv], options);
}

async function buildRoot(root: string, recipe: ImageRecipe, signal: AbortSignal | undefined): Promise<void> {
  await runProgram(
    [
      ...bounded,
      "mmdebstrap",
      "--mode=root",
      "--variant=minbase",
      "--quiet",
      // The package lists stay: machines can install at once, and without a network.
      "--skip=cleanup/apt",
      "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg",
      ...(recipe.proxy === undefined ? [] : [`--aptopt=Acquire::http::Proxy "${recipe.proxy}"`]),
      `--include=${imagePackages.join(",")}`,
      recipe.suite,
      root,
      ...aptSources(recipe),
    ],
    { timeoutMs: 1_800_000, ...(signal === undefined ? {} : { signal }) },
  );
  for (const file of imageFiles(recipe)) {
    const path = join(root, file.path);
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await rm(path, { force: true });
    await writeFile(path, file.content);
    await chmod(path, file.mode);
  }
  await writeFile(join(root, "etc/resolv.conf"), await machineResolvConf());
  for (const name of await readdir(join(root, "etc/ssh"))) {
    if (name.startsWith("ssh_host_")) await rm(join(root, "etc/ssh", name));
  }
  for (const { name, uid } of machineUsers) {
    const account = ["--uid", String(uid), "--gid", "users", "--create-home", "--shell", "/bin/bash", name];
    await inImage(root, ["useradd", ...account]);
  }
  await inImage(root, ["chpasswd"], `operator:${operatorPassword}\n`);
  await inImage(root, ["systemctl", "enable", "slipway-lab.service"]);
  await inImage(root, ["systemctl", "mask", ...maskedUnits]);
  await inImage(root, ["apt-get", "-qq", "--no-install-recommends", "--download-only", "install", ...seededPackages]);
}

async function buildImage(
  folder: string,
  recipe: ImageRecipe,
  signal: AbortSignal | undefined,
): Promise<{ path: string; madeAt: number }> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const unfinished = join(folder, "unfinished");
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o755 });
  const madeAt = Date.now();
  const path = join(folder, String(madeAt));
  try {
    await buildRoot(join(unfinished, "root"), recipe, signal);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  return { path, madeAt };
}

function notMade(recipe: ImageRecipe, cause: ProblemError): ProblemError {
  const { because, evidence } = cause.problem;
  const hint = {
    text: `the packages come from ${recipe.mirror}: see whether it answers, or name another Debian mirror`,
    command: "SLIPWAY_LAB_MIRROR=http://MIRROR/debian slipway lab up",
  };
  return new ProblemError(
    labProblem("image-not-made", `this computer could not make the Debian ${recipe.suite} image for machines`, {
      hint,
      ...(because === undefined ? {} : { because }),
      ...(evidence === undefined ? {} : { evidence }),
    }),
    { cause },
  );
}

/** Removes images nobody uses: other generations and other recipes. */
async function prune(keep: ReadonlySet<string>): Promise<void> {
  const images = join(labCache(), "images");
  for (const recipe of await readdir(images)) {
    const folder = join(images, recipe);
    const generations = await readdir(folder);
    for (const name of generations) {
      if (!keep.has(join(folder, name, "root"))) await rm(join(folder, name), { recursive: true, force: true });
    }
    if ((await readdir(folder)).length === 0) await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The root folder of a machine image, made on first use and kept. When its package lists are old it is made again; if
 * that fails (no network) the old one serves. `inUse` are the images of the labs there are: they are not removed.
 */
export async function ensureImage(options: {
  readonly inUse: () => Promise<readonly string[]>;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
}): Promise<string> {
  const { onProgress, signal } = options;
  const recipe = await currentRecipe();
  const folder = join(labCache(), "images", `${recipe.suite}-${recipeDigest(recipe)}`);
  const onWait = () => onProgress({ stage: "image", text: "waiting for another process that makes the machine image" });
  return await withFileLock(join(labCache(), "images.lock"), { withinMs: 1_800_000, onWait }, async () => {
    const newest = await newestGeneration(folder);
    if (newest !== undefined && Date.now() - newest.madeAt < freshMs) return join(newest.path, "root");
    onProgress({ stage: "image", text: `making the Debian ${recipe.suite} machine image (about half a minute)` });
    try {
      const built = await buildImage(folder, recipe, signal);
      const root = join(built.path, "root");
      await prune(new Set([root, ...(await options.inUse())]));
      return root;
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      if (newest === undefined) throw notMade(recipe, error);
      onProgress({ stage: "image", text: `the old machine image is used: ${error.problem.because ?? error.message}` });
      return join(newest.path, "root");
    }
  });
}
