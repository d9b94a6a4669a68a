import { routeProtocol } from "../../facts/route-protocol.ts";
import { managedHeader } from "../managed-header.ts";
import { podMasqueradePath, podRoutesPath } from "./network-layout.ts";

/** The table of nft that is ours. */
export const masqueradeTable = "slipway-pods";

/**
 * CNI configuration of a node: a bridge for its pods, addresses out of its own share, and host ports. Addresses in use are
 * remembered in /run: after the host has restarted none is.
 * https://www.cni.dev/plugins/current/main/bridge/, .../ipam/host-local/, .../meta/portmap/ (2026-11-21)
 */
export function bridgeConflist(podRange: string): string {
  const everywhere = podRange.includes(":") ? "::/0" : "0.0.0.0/0";
  const conflist = {
    cniVersion: "1.0.0",
    name: "slipway-bridge",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        hairpinMode: true,
        ipMasq: false,
        ipam: {
          type: "host-local",
          dataDir: "/run/slipway/pod-addresses",
          ranges: [[{ subnet: podRange }]],
          routes: [{ dst: everywhere }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true }, snat: true },
    ],
  };
  return `${JSON.stringify(conflist, undefined, 2)}\n`;
}

/** A way to the pods of another node (by its address), or to Services (by the interface of the host's own address). */
export type PodRoute =
  | { readonly destination: string; readonly gateway: string }
  | { readonly destination: string; readonly device: string; readonly source: string };

/** The words of `ip route replace` for a route. */
export function routeWords(route: PodRoute): readonly string[] {
  const way = "gateway" in route ? ["via", route.gateway] : ["dev", route.device, "src", route.source];
  return [route.destination, ...way, "protocol", routeProtocol];
}

/** Batch file of ip. `replace` makes it safe to run again. */
export function podRoutesFile(routes: readonly PodRoute[]): string {
  const lines = routes.map((route) => `route replace ${routeWords(route).join(" ")}\n`);
  return `${managedHeader("routes to the pods of other nodes, and to Services")}${lines.join("")}`;
}

/** The rule that gives packets of pods to anywhere but pods the address of the host. */
export function masqueradeRule(podRange: string, podCidr: string): string {
  const family = podCidr.includes(":") ? "ip6" : "ip";
  return `${family} saddr ${podRange} ${family} daddr != ${podCidr} masquerade`;
}

/** "ip" or "ip6": the family of the table of nft. */
export function masqueradeFamily(podCidr: string): "ip" | "ip6" {
  return podCidr.includes(":") ? "ip6" : "ip";
}

/** Script of nft. The bridge plugin's own translation would hide pods from pods of other nodes too. */
export function podMasqueradeFile(podRange: string, podCidr: string): string {
  const table = `table ${masqueradeFamily(podCidr)} ${masqueradeTable}`;
  return `${managedHeader("the world outside sees the host's address, not the pods'")}${table}
delete ${table}
${table} {
  chain postrouting {
    type nat hook postrouting priority 95; policy accept;
    ${masqueradeRule(podRange, podCidr)}
  }
}
`;
}

/** The unit that puts routes and rule into place when the host starts, and when they change. */
export function podNetworkUnitFile(): string {
  return `${managedHeader("routes to other nodes' pods, and what hides pods from the world outside")}[Unit]
Description=Pod network of the bridge plugin
Wants=network-online.target
After=network-online.target nftables.service
Before=kubelet.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/sbin/ip -force -batch ${podRoutesPath}
ExecStart=/usr/sbin/nft -f ${podMasqueradePath}

[Install]
WantedBy=multi-user.target
`;
}

/** https://www.freedesktop.org/software/systemd/man/latest/networkd.conf.html ManageForeignRoutes= (2026-11-21) */
export function networkdDropIn(): string {
  return `${managedHeader("routes to other nodes' pods stay when systemd-networkd restarts")}[Network]
ManageForeignRoutes=no
`;
}
