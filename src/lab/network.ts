import { readFile, writeFile } from "node:fs/promises";
import { hardwareAddress } from "./lab-paths.ts";
import { runProgram } from "./run-program.ts";
import { overlap } from "./subnet.ts";

interface Route {
  readonly dst: string;
  readonly dev?: string;
}

async function routes(): Promise<readonly Route[]> {
  return JSON.parse((await runProgram(["ip", "-json", "-4", "route", "show"])).stdout || "[]");
}

/** The route of this computer a lab network would collide with, in words; undefined when the range is free. */
export async function collidingRoute(cidr: string, tag: string): Promise<string | undefined> {
  const hit = (await routes()).find(({ dst, dev }) => {
    if (dst === "default" || dev === tag) return false;
    return overlap(dst.includes("/") ? dst : `${dst}/32`, cidr);
  });
  return hit === undefined ? undefined : `${hit.dst} dev ${hit.dev ?? "unknown"}`;
}

/** Largest packet, in bytes, that leaves this computer by its default route; 1500 where there is none. */
export async function uplinkMtu(): Promise<number> {
  const dev = (await routes()).find(({ dst }) => dst === "default")?.dev;
  if (dev === undefined) return 1500;
  return Math.min(1500, Number((await readFile(`/sys/class/net/${dev}/mtu`, "utf8")).trim()));
}

async function linkNames(): Promise<readonly string[]> {
  const links: readonly { ifname: string }[] = JSON.parse((await runProgram(["ip", "-json", "link", "show"])).stdout);
  return links.map(({ ifname }) => ifname);
}

/** Whether a lab, of whatever folder, has a network on this computer. */
export async function anyNetwork(): Promise<boolean> {
  return (await linkNames()).some((name) => /^slw-[0-9a-f]{8}$/.test(name));
}

/** Names the lab in the rules of an iptables firewall, so that they are found again. */
function forwardRules(tag: string): readonly (readonly string[])[] {
  const mark = ["-m", "comment", "--comment", tag, "-j", "ACCEPT"];
  return [
    ["FORWARD", "-i", tag, ...mark],
    ["FORWARD", "-o", tag, ...mark],
  ];
}

/** Where a firewall (Docker's, ufw's) drops forwarded packets by default, lets those of the lab through. */
async function openForwarding(tag: string): Promise<void> {
  const policy = await runProgram(["iptables", "-w", "-S", "FORWARD"], { okExitCodes: [0, 1, 3, 4, 127] });
  if (!policy.stdout.startsWith("-P FORWARD DROP")) return;
  for (const rule of forwardRules(tag)) {
    const there = await runProgram(["iptables", "-w", "-C", ...rule], { okExitCodes: [0, 1] });
    if (there.exitCode === 1) await runProgram(["iptables", "-w", "-I", ...rule]);
  }
}

async function closeForwarding(tag: string): Promise<void> {
  const listing = await runProgram(["iptables", "-w", "-S", "FORWARD"], { okExitCodes: [0, 1, 3, 4, 127] });
  if (!listing.stdout.includes(tag)) return;
  for (const rule of forwardRules(tag)) await runProgram(["iptables", "-w", "-D", ...rule], { okExitCodes: [0, 1] });
}

/** What the packet filter does for a lab: machines go out under the host's address. Multicast stays on the bridge. */
function translation(tag: string, cidr: string): string {
  return `table ip ${tag}
delete table ip ${tag}
table ip ${tag} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${cidr} oifname != "${tag}" masquerade
  }
}
`;
}

/** Makes the lab's bridge, its gateway address, forwarding and address translation. What is there already is kept. */
export async function makeNetwork(
  tag: string,
  lab: {
    readonly name: string;
    readonly subnet: string;
    readonly prefix: number;
    readonly gateway: string;
    readonly mtu: number;
  },
): Promise<void> {
  if (!(await linkNames()).includes(tag)) {
    // Without an address of its own a bridge takes the lowest of its ports, and changes it as machines come and go.
    const own = ["address", hardwareAddress(lab.name, ""), "mtu", String(lab.mtu)];
    await runProgram(["ip", "link", "add", tag, ...own, "type", "bridge", "forward_delay", "0"]);
  }
  await runProgram(["ip", "address", "replace", `${lab.gateway}/${lab.prefix}`, "dev", tag]);
  await runProgram(["ip", "link", "set", tag, "up"]);
  await writeFile("/proc/sys/net/ipv4/ip_forward", "1");
  await runProgram(["nft", "-f", "-"], { input: translation(tag, lab.subnet) });
  await openForwarding(tag);
}

/** Removes the lab's links, address translation and firewall rules; those that are not there are no error. */
export async function removeNetwork(tag: string): Promise<void> {
  if ((await runProgram(["nft", "list", "tables", "ip"], { okExitCodes: [0, 1, 127] })).stdout.includes(tag)) {
    await runProgram(["nft", "-f", "-"], { input: `table ip ${tag}\ndelete table ip ${tag}\n` });
  }
  await closeForwarding(tag);
  for (const name of await linkNames()) {
    if (name === tag || name.startsWith(`${tag}-`)) await removeLink(name);
  }
}

/** Removes a link of the host. A cable's link may also vanish by itself when its machine's namespace ends. */
export async function removeLink(name: string): Promise<void> {
  await runProgram(["ip", "link", "delete", name], { okExitCodes: [0, 1] });
  if ((await linkNames()).includes(name)) await runProgram(["ip", "link", "delete", name]);
}

/** How a machine's network is cut: a pulled cable is seen by the machine at once, a dead switch is not. */
export type NetworkCut = "cable" | "switch";

/** Cuts a machine off, at the host's end of its cable. */
export async function cutCable(cable: string, how: NetworkCut): Promise<void> {
  await runProgram(["ip", "link", "set", cable, ...(how === "cable" ? ["down"] : ["nomaster"])]);
}

/** Undoes `cutCable`, however it was cut. */
export async function joinCable(cable: string, tag: string): Promise<void> {
  await runProgram(["ip", "link", "set", cable, "master", tag, "up"]);
}
