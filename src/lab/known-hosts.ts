import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { unlessGone } from "./process-identity.ts";

/** Whether a known_hosts line names exactly this host: lines of ours have one plain address. */
function isAbout(line: string, addresses: ReadonlySet<string>): boolean {
  const [host] = line.split(" ");
  return host?.split(",").some((one) => addresses.has(one)) ?? false;
}

/**
 * Replaces what a known_hosts file says about some hosts, and leaves all other lines as they are. `keys` maps an address
 * to "type base64"; undefined forgets the host. The file is made, 0600, when it is missing.
 */
export async function rewriteKnownHosts(path: string, keys: ReadonlyMap<string, string | undefined>): Promise<void> {
  const before = await readFile(path, "utf8").catch(unlessGone);
  const added = [...keys].flatMap(([address, key]) => (key === undefined ? [] : [`${address} ${key}`]));
  if (before === undefined && added.length === 0) return;
  const addresses = new Set(keys.keys());
  const kept = (before ?? "").split("\n").filter((line) => line !== "" && !isAbout(line, addresses));
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const lines = [...kept, ...added];
  await writeFile(`${path}.new`, lines.length === 0 ? "" : `${lines.join("\n")}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
