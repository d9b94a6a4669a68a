/**
 * The programs of containernetworking/plugins. Those that are needed on every node: what the network plugin "bridge" uses,
 * and `portmap` for host ports with any. The others are linked where the tarball has them.
 * https://github.com/containernetworking/plugins/releases/tag/v1.9.1 (2026-11-21)
 */
export const networkPlugins = {
  needed: ["bridge", "host-local", "loopback", "portmap"],
  others: [
    "bandwidth",
    "dhcp",
    "dummy",
    "firewall",
    "host-device",
    "ipvlan",
    "macvlan",
    "ptp",
    "sbr",
    "static",
    "tap",
    "tuning",
    "vlan",
    "vrf",
  ],
} as const;
