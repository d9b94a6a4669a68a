import { chmod, chown, lstat, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { machineUsers } from "./image-recipe.ts";
import { labDirectory, machineDirectory } from "./lab-paths.ts";
import type { LabMachine, LabRecord } from "./lab-record.ts";
import { machineResolvConf } from "./machine-resolv-conf.ts";
import { unlessGone } from "./process-identity.ts";
import { runProgram } from "./run-program.ts";
import { savedLayers } from "./saved-disk.ts";

interface FileOptions {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** Makes the folders between `root` and `path`, 0755 whatever the umask, unless they are there. */
async function makeParents(root: string, path: string): Promise<void> {
  if (path === root) return;
  await makeParents(root, dirname(path));
  if ((await lstat(path).catch(unlessGone)) !== undefined) return;
  await mkdir(path);
  await chmod(path, 0o755);
}

/** Writes a file of a machine's disk. The disk lies over the image, so folders made here must look like the image's. */
async function put(root: string, path: string, content: string | Buffer, options: FileOptions = {}): Promise<void> {
  const full = join(root, path);
  await makeParents(root, dirname(full));
  await writeFile(full, content);
  await chmod(full, options.mode ?? 0o644);
  await chown(full, options.uid ?? 0, options.gid ?? 0);
}

async function own(root: string, path: string, mode: number, uid: number, gid: number): Promise<void> {
  await makeParents(root, join(root, path));
  await chmod(join(root, path), mode);
  await chown(join(root, path), uid, gid);
}

/** Makes an ed25519 key pair, unless it is there; returns the public half, as one line without a comment. */
export async function ensureKeyPair(path: string): Promise<string> {
  if ((await lstat(`${path}.pub`).catch(unlessGone)) === undefined) {
    await runProgram(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "slipway-lab", "-f", path], {
      input: "y\n",
    });
  }
  const [type, key] = (await readFile(`${path}.pub`, "utf8")).split(" ");
  return `${type} ${key}`;
}

/** gid of Debian's group `users` (base-passwd). */
const usersGroup = 100;

/**
 * Lays out the disk of a machine: who it is, who may log in, its own SSH host key. Run once per machine: what it holds
 * later is the machine's own. Returns the public host key.
 */
export async function layMachineFiles(lab: LabRecord, machine: LabMachine, loginKey: string): Promise<string> {
  const folder = machineDirectory(lab.name, machine.name);
  for (const name of ["upper", "work", "root", "disks"]) {
    await mkdir(join(folder, name), { recursive: true });
    await chmod(join(folder, name), 0o755);
  }
  for (const disk of lab.disks) await makeParents(join(folder, "disks"), join(folder, "disks", disk));
  const hostKeyFile = join(folder, "ssh_host_ed25519_key");
  const hostKey = await ensureKeyPair(hostKeyFile);
  const root = join(folder, "upper");
  if ((await lstat(join(root, "etc/hostname")).catch(unlessGone)) !== undefined) return hostKey;
  for (const disk of lab.disks) await makeParents(root, join(root, disk));
  await put(root, "etc/hosts", `127.0.0.1\tlocalhost\n127.0.1.1\t${machine.name}\n::1\tlocalhost ip6-localhost\n`);
  await put(root, "etc/resolv.conf", await machineResolvConf());
  await put(root, "etc/ssh/ssh_host_ed25519_key", await readFile(hostKeyFile), { mode: 0o600 });
  await put(root, "etc/ssh/ssh_host_ed25519_key.pub", `${hostKey} root@${machine.name}\n`);
  const accounts = [
    { home: "root", uid: 0, gid: 0 },
    ...machineUsers.map(({ name, uid }) => ({ home: `home/${name}`, uid, gid: usersGroup })),
  ];
  for (const { home, uid, gid } of accounts) {
    await put(root, `${home}/.ssh/authorized_keys`, `${loginKey} slipway-lab\n`, { mode: 0o600, uid, gid });
    for (const path of [home, `${home}/.ssh`]) await own(root, path, 0o700, uid, gid);
  }
  await put(root, "etc/hostname", `${machine.name}\n`);
  return hostKey;
}

/**
 * The lower layers of a machine's disk, in overlayfs notation: its saved disks, packages known from earlier labs, then
 * the image.
 */
export async function lowerLayers(lab: LabRecord, machine: string): Promise<string> {
  const saved = await savedLayers(lab.name, machine);
  return [...saved, join(labDirectory(lab.name), "packages"), lab.image].join(":");
}
