import { addressFamily, cidrContains, cidrText, subnetOf, unusableAddress } from "../../domain/addresses.ts";
import { isNode } from "../hosts-by-role.ts";
import { fieldsOfPlugin, pluginVersions } from "../network-plugin.ts";
import type { Sections } from "../schema/cluster-file-schema.ts";
import type { Rule, RuleReport } from "./rule.ts";
import { hostPath } from "./rule.ts";

type Plugin = Sections["network"]["plugin"];

const path = ["spec", "network", "plugin"] as const;

/** The network plugin's settings are its own, fit each other, and something carries Services. */
export const networkPlugin: Rule = ({ network, kubernetes }, report) => {
  if (network === undefined) return;
  const { plugin } = network;
  const allowed: readonly string[] = ["kind", ...fieldsOfPlugin[plugin.kind]];
  for (const field of Object.keys(plugin)) {
    if (allowed.includes(field)) continue;
    const owner = Object.entries(fieldsOfPlugin).find(([, fields]) => (fields as readonly string[]).includes(field));
    report.error("config/plugin-field-conflict", [...path, field], {
      message: `network plugin ${plugin.kind} has no ${field}`,
      because: `kind (${report.placeOf([...path, "kind"])}) is ${plugin.kind}; ${field} is ${owner?.[0] ?? "another plugin"}'s`,
      hint: { text: `remove ${field}, or write kind: ${owner?.[0] ?? "cilium"}` },
    });
  }
  checkVersion(plugin, report);
  if (plugin.kind === "calico") checkCalico(plugin, report);
  if (kubernetes !== undefined) checkProxy(plugin, kubernetes.proxy.mode, report);
};

function checkVersion({ kind, version }: Plugin, report: RuleReport): void {
  if (kind === "bridge" || version === undefined) return;
  const own = pluginVersions[kind];
  const major = (text: string) => text.replace(/^v/, "").split(".")[0];
  if (major(version) === major(own)) return;
  report.error("config/unknown-plugin-version", [...path, "version"], {
    message: `${kind} ${version} is not one this version of Slipway knows`,
    because: `it is made for ${kind} ${own}, and takes others of the same major version`,
    hint: { text: `write ${own}, or remove version to have it` },
  });
}

function checkCalico(plugin: Plugin, report: RuleReport): void {
  const { bgp = false, encapsulation = bgp ? "None" : "VXLAN", peers = [] } = plugin;
  if (!bgp && (encapsulation === "None" || encapsulation === "IPIP")) {
    report.error("config/plugin-field-conflict", [...path, "encapsulation"], {
      message: `Calico cannot reach other nodes with encapsulation ${encapsulation}`,
      because: `bgp (${report.placeOf([...path, "bgp"])}) is false, and routes of ${encapsulation} are learnt by BGP`,
      hint: { text: "write bgp: true, or encapsulation: VXLAN" },
    });
  }
  if (!bgp && peers.length > 0) {
    report.error("config/plugin-field-conflict", [...path, "peers"], {
      message: "Calico has peers and speaks no BGP",
      because: `bgp (${report.placeOf([...path, "bgp"])}) is false`,
      hint: { text: "write bgp: true, or remove peers" },
    });
  }
}

function checkProxy(plugin: Plugin, mode: Sections["kubernetes"]["proxy"]["mode"], report: RuleReport): void {
  const modePath = ["spec", "kubernetes", "proxy", "mode"];
  const replaces = plugin.kind === "cilium" && (plugin.kubeProxyReplacement ?? true);
  if (replaces && mode !== "auto" && mode !== "none") {
    report.error("config/proxy-conflict", modePath, {
      message: "Services would be carried by Cilium and by kube-proxy",
      because: `mode is ${mode}, and Cilium replaces kube-proxy (kubeProxyReplacement, ${report.placeOf([...path, "kubeProxyReplacement"])})`,
      hint: { text: "remove mode, or write kubeProxyReplacement: false" },
    });
  }
  if (!replaces && mode === "none") {
    report.error("config/proxy-conflict", modePath, {
      message: "nothing would carry Services",
      because: `mode is none, and the network plugin (${plugin.kind}) does not replace kube-proxy`,
      hint: { text: "remove mode, or use Cilium with kubeProxyReplacement" },
    });
  }
}

/** The bridge has routes from node to node and nothing to get past a router with. */
export const bridgeSegment: Rule = ({ network, placedHosts, endpoint }, report) => {
  if (network === undefined || network.plugin.kind !== "bridge") return;
  const vip = endpoint?.virtualIP;
  const subnet = vip === undefined ? undefined : subnetOf(vip.address, vip.prefix);
  if (subnet === undefined) return;
  // Addresses that cannot be used are another rule's.
  const nodes = placedHosts.filter(
    ({ host }) =>
      isNode(host) && unusableAddress(host.address) === undefined && addressFamily(host.address) === subnet.family,
  );
  const inside = nodes.find(({ host }) => cidrContains(subnet, host.address));
  const outside = nodes.find(({ host }) => !cidrContains(subnet, host.address));
  if (inside === undefined || outside === undefined) return;
  report.error("config/several-segments", hostPath(outside, "address"), {
    message: `node ${outside.host.name} is on another network segment than ${inside.host.name}`,
    because: `${inside.host.name} (${report.placeOf(hostPath(inside, "address"))}) is in ${cidrText(subnet)}, the virtual IP's subnet, and ${outside.host.address} is not; plugin bridge (${report.placeOf([...path, "kind"])}) needs all nodes on one segment`,
    hint: { text: "write spec.network.plugin: { kind: cilium } or another one with an overlay" },
  });
};

/** Who asks for policies gets them enforced. */
export const enforcedPolicies: Rule = ({ network, namespaces }, report) => {
  if (network === undefined || namespaces === undefined) return;
  const { kind } = network.plugin;
  const index = namespaces.findIndex((one) => one.defaultDeny);
  if (index < 0 || kind === "calico" || kind === "cilium") return;
  report.warning("config/policies-not-enforced", ["spec", "namespaces", index, "name"], {
    message: `the default-deny policy of namespace ${namespaces[index]?.name ?? ""} would deny nothing`,
    because: `network plugin ${kind} (${report.placeOf([...path, "kind"])}) does not enforce NetworkPolicy`,
    hint: { text: "write spec.network.plugin: { kind: cilium } or calico, or defaultDeny: false" },
  });
};
