import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import type { OnProgress } from "./lab-progress.ts";
import { programEnv, runProgram } from "./run-program.ts";

/** Programs the lab runs, or files it needs, and the Debian package each comes from. */
const needed: Readonly<Record<string, string>> = {
  mmdebstrap: "mmdebstrap",
  "systemd-nspawn": "systemd-container",
  ip: "iproute2",
  nft: "nftables",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  flock: "util-linux",
  unshare: "util-linux",
  nsenter: "util-linux",
  mount: "mount",
  "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
};

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path, path.startsWith("/usr/share/") ? constants.R_OK : constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether a program is on the search path of the lab. */
export async function hasProgram(name: string): Promise<boolean> {
  const candidates = name.startsWith("/") ? [name] : (programEnv.PATH ?? "").split(":").map((dir) => join(dir, name));
  return (await Promise.all(candidates.map(isThere))).includes(true);
}

/** Debian packages of programs this computer lacks. */
export async function missingPackages(): Promise<readonly string[]> {
  const missing = new Set<string>();
  for (const [program, name] of Object.entries(needed)) if (!(await hasProgram(program))) missing.add(name);
  return [...missing].sort();
}

/** Installs what is missing, and only that. On a new computer the package lists are empty, so they are fetched first. */
export async function installTools(onProgress: OnProgress, signal?: AbortSignal): Promise<void> {
  const packages = await missingPackages();
  if (packages.length === 0) return;
  const options = { timeoutMs: 900_000, ...(signal === undefined ? {} : { signal }) };
  onProgress({ stage: "tools", text: `installing ${packages.join(", ")}` });
  // One unreachable third-party source must not stop the lab: what matters is whether the installation succeeds.
  await runProgram(["apt-get", "-qq", "update"], { ...options, okExitCodes: [0, 100] });
  const wait = ["-o", "DPkg::Lock::Timeout=300"];
  await runProgram(["apt-get", "-qq", ...wait, "install", "--no-install-recommends", ...packages], options);
}
