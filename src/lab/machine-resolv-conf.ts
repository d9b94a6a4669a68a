import { readFile } from "node:fs/promises";
import { unlessGone } from "./process-identity.ts";

/** Name servers of a resolv.conf that machines can reach too: none on this computer's own loopback. */
function reachable(text: string): boolean {
  const servers = text.split("\n").filter((line) => /^nameserver\s/.test(line));
  return servers.some((line) => !/^nameserver\s+(127\.|::1)/.test(line));
}

/**
 * The resolv.conf of a machine: the host's, or where that names only a local stub, the one systemd-resolved keeps with
 * the real servers. Empty when neither is usable: machines then resolve nothing, and package downloads fail saying so.
 */
export async function machineResolvConf(): Promise<string> {
  for (const path of ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]) {
    const text = await readFile(path, "utf8").catch(unlessGone);
    if (text !== undefined && reachable(text)) {
      return text.replace(/^nameserver\s+(127\.|::1).*\n?/gm, "");
    }
  }
  return "";
}
