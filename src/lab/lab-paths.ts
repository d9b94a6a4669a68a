import { createHash } from "node:crypto";
import { join } from "node:path";

/** Where the labs of this computer live: `$SLIPWAY_LAB_DIR`, or /var/lib/slipway/lab. */
export function labRoot(): string {
  return process.env.SLIPWAY_LAB_DIR ?? "/var/lib/slipway/lab";
}

/** Where machine images and packages are kept between runs: `$SLIPWAY_LAB_CACHE`, or /var/cache/slipway/lab. */
export function labCache(): string {
  return process.env.SLIPWAY_LAB_CACHE ?? "/var/cache/slipway/lab";
}

/** The folder of one lab: keys, known_hosts, ssh_config and the machines' disks. Gone after `labDown`. */
export function labDirectory(lab: string): string {
  return join(labRoot(), lab);
}

/** The private key that logs in to every machine of a lab, as root and as the unprivileged users. */
export function labIdentityFile(lab: string): string {
  return join(labDirectory(lab), "id_ed25519");
}

/** The folder of one machine: its disk (`upper`), its other disks, and the console log. */
export function machineDirectory(lab: string, machine: string): string {
  return join(labDirectory(lab), "machines", machine);
}

/**
 * The name under which a lab's control groups, links and packet filter table are found again, also after its folder was
 * lost. Twelve characters, so that an interface name (at most 15) has room for a suffix.
 */
export function labTag(lab: string): string {
  return `slw-${createHash("sha256").update(`${labRoot()}\0${lab}`).digest("hex").slice(0, 8)}`;
}

/** The host's end of a machine's cable. `index` is the machine's place in the lab. */
export function cableName(lab: string, index: number): string {
  return `${labTag(lab)}-${index.toString(36)}`;
}

/**
 * A hardware address (unicast, locally administered) that is the machine's own, also after a power cut: with a new one
 * each time, its neighbours would talk to the old one until their caches expire. "" is the bridge.
 */
export function hardwareAddress(lab: string, machine: string): string {
  const digest = createHash("sha256")
    .update(`${labTag(lab)}\0${machine}`)
    .digest("hex");
  return `02:${[0, 2, 4, 6, 8].map((at) => digest.slice(at, at + 2)).join(":")}`;
}
