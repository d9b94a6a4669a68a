import type { Cidr } from "../../domain/addresses.ts";
import { addressBits, cidrContains, cidrsOverlap, cidrText, parseCidr, subnetOf } from "../../domain/addresses.ts";
import { nodePrefixFor, nodesInPodCidr, podAddressesPerNode, podPrefixFor } from "../../domain/capacity.ts";
import { addressPlan, clusterFamily } from "../derived-values.ts";
import { isNode } from "../hosts-by-role.ts";
import type { FieldPath } from "../yaml/path-locator.ts";
import type { Rule, RuleReport } from "./rule.ts";
import { hostPath } from "./rule.ts";

const path = ["spec", "network"] as const;
const podPath = [...path, "podCIDR"];
const servicePath = [...path, "serviceCIDR"];
const nodePrefixPath = [...path, "nodePrefix"];

/** Pods, Services, hosts and the virtual IP have ranges of their own, of one family. */
export const networkRanges: Rule = ({ hosts, placedHosts, network, endpoint }, report) => {
  if (hosts === undefined || network === undefined) return;
  const family = clusterFamily(hosts);
  const plan = addressPlan(network, family);
  const ranges = [
    { what: "spec.network.podCIDR", path: podPath, cidr: parseCidr(plan.podCIDR), text: network.podCIDR },
    {
      what: "spec.network.serviceCIDR",
      path: servicePath,
      cidr: parseCidr(plan.serviceCIDR),
      text: network.serviceCIDR,
    },
  ];
  const vip = endpoint?.virtualIP;
  const vipSubnet = vip === undefined ? undefined : subnetOf(vip.address, vip.prefix);
  for (const range of ranges) {
    if (range.cidr === undefined) continue;
    checkWritten(range.what, range.path, range.text, range.cidr, report);
    if (range.cidr.family !== family) {
      report.error("config/mixed-families", range.path, {
        message: `${range.what} is not of the hosts' address family`,
        because: `found ${cidrText(range.cidr)}, which is IPv${range.cidr.family}; the hosts have IPv${family} addresses`,
        hint: { text: `write an IPv${family} range` },
      });
    }
    const inside = placedHosts.find(({ host }) => range.cidr !== undefined && cidrContains(range.cidr, host.address));
    if (inside !== undefined) {
      overlap(
        report,
        range.what,
        range.path,
        range.cidr,
        `${inside.host.name} has ${inside.host.address} (${report.placeOf(hostPath(inside, "address"))})`,
      );
    } else if (vip !== undefined && vipSubnet !== undefined && cidrsOverlap(range.cidr, vipSubnet)) {
      overlap(
        report,
        range.what,
        range.path,
        range.cidr,
        `the virtual IP's subnet is ${cidrText(vipSubnet)} (${report.placeOf(["spec", "endpoint", "virtualIP"])})`,
      );
    }
  }
  const [pods, services] = ranges;
  if (pods?.cidr !== undefined && services?.cidr !== undefined && cidrsOverlap(pods.cidr, services.cidr)) {
    const [at, other] = network.podCIDR === undefined ? [services, pods] : [pods, services];
    overlap(
      report,
      at.what,
      at.path,
      at.cidr ?? pods.cidr,
      `${other.what} is ${cidrText(other.cidr ?? services.cidr)} (${report.placeOf(other.path)})`,
    );
  }
};

function overlap(report: RuleReport, what: string, at: FieldPath, cidr: Cidr, other: string): void {
  report.error("config/overlapping-ranges", at, {
    message: `${what} overlaps addresses that are taken`,
    because: `it is ${cidrText(cidr)} (${report.placeOf(at)}), and ${other}`,
    hint: { text: `write a private range nothing else uses as ${at.join(".")}` },
  });
}

function checkWritten(what: string, at: FieldPath, text: string | undefined, cidr: Cidr, report: RuleReport): void {
  if (text === undefined || parseCidr(text)?.network === undefined) return;
  const address = text.slice(0, text.indexOf("/"));
  if (subnetOf(address, addressBits(cidr.family))?.first === cidr.first) return;
  report.error("config/host-bits-set", at, {
    message: `${what} does not start at its first address`,
    because: `found ${text}; the range with this prefix is ${cidrText(cidr)}`,
    hint: { text: `write ${cidrText(cidr)}` },
  });
}

/**
 * The ranges are large enough for the hosts, and within Kubernetes' limits: kube-apiserver takes Service ranges of at
 * most 20 host bits, kube-controller-manager node shares at most 16 bits longer than the pod range.
 */
export const networkCapacity: Rule = ({ hosts, network }, report) => {
  if (hosts === undefined || network === undefined) return;
  const plan = addressPlan(network, clusterFamily(hosts));
  const pods = parseCidr(plan.podCIDR);
  const services = parseCidr(plan.serviceCIDR);
  if (services !== undefined) checkServiceSize(services, report);
  if (pods !== undefined)
    checkShares(pods, plan.nodePrefix, hosts.filter(isNode).length, network.maxPodsPerNode, report);
};

function checkServiceSize(services: Cidr, report: RuleReport): void {
  const hostBits = addressBits(services.family) - services.prefix;
  if (hostBits > 20 || hostBits < 4) {
    report.error("config/service-range-size", servicePath, {
      message: `spec.network.serviceCIDR is too ${hostBits > 20 ? "large" : "small"}`,
      because: `found ${cidrText(services)} with ${hostBits} host bits; kube-apiserver takes at most 20, and a cluster's own Services need at least 4`,
      hint: {
        text: `write a prefix from /${addressBits(services.family) - 20} to /${addressBits(services.family) - 4}`,
      },
    });
  }
}

function checkShares(pods: Cidr, nodePrefix: number, nodes: number, podsPerNode: number, report: RuleReport): void {
  const bits = addressBits(pods.family);
  if (nodePrefix > bits || nodePrefix < pods.prefix) {
    report.error("config/node-prefix", nodePrefixPath, {
      message: "spec.network.nodePrefix does not divide podCIDR",
      because: `a node's share is /${nodePrefix} (${report.placeOf(nodePrefixPath)}), podCIDR (${report.placeOf(podPath)}) is ${cidrText(pods)}`,
      hint: { text: `write a nodePrefix from ${pods.prefix} to ${bits}` },
    });
    return;
  }
  if (nodePrefix - pods.prefix > 16) {
    report.error("config/node-prefix", nodePrefixPath, {
      message: "spec.network.nodePrefix is too far from podCIDR",
      because: `a node's share is /${nodePrefix}, podCIDR (${report.placeOf(podPath)}) is ${cidrText(pods)}; kube-controller-manager takes at most 16 bits between them, found ${nodePrefix - pods.prefix}`,
      hint: { text: `write nodePrefix: ${pods.prefix + 16}, or a smaller podCIDR` },
    });
  }
  const room = nodesInPodCidr(pods, nodePrefix);
  if (room < nodes) {
    const needed = podPrefixFor(nodes, nodePrefix);
    report.error("config/pod-range-too-small", podPath, {
      message: "spec.network.podCIDR is too small for the nodes",
      because: `${cidrText(pods)} holds ${room} shares of /${nodePrefix} (${report.placeOf(nodePrefixPath)}); ${nodes} hosts become nodes`,
      hint: { text: `write a podCIDR with prefix /${needed} or shorter, or a longer nodePrefix` },
    });
  }
  const addresses = podAddressesPerNode(pods, nodePrefix);
  if (addresses < podsPerNode) {
    const maxPodsPath = [...path, "maxPodsPerNode"];
    report.error("config/node-share-too-small", nodePrefixPath, {
      message: "a node's share of podCIDR is too small for its pods",
      because: `/${nodePrefix} (${report.placeOf(nodePrefixPath)}) has ${addresses} addresses for pods; maxPodsPerNode (${report.placeOf(maxPodsPath)}) is ${podsPerNode}`,
      hint: { text: `write nodePrefix: ${nodePrefixFor(pods, podsPerNode)}, or a smaller maxPodsPerNode` },
    });
  }
}

/** Kubernetes' tested limits: https://kubernetes.io/docs/setup/best-practices/cluster-large/ (2026-11-21) */
export const testedSize: Rule = ({ hosts, network }, report) => {
  const nodes = hosts?.filter(isNode).length ?? 0;
  if (nodes > 5000) {
    report.warning("config/beyond-tested-size", ["spec", "hosts"], {
      message: "the cluster is larger than Kubernetes is tested with",
      because: `${nodes} hosts become nodes; the limit of the tests is 5000`,
      hint: { text: "consider several clusters" },
    });
  }
  if (network !== undefined && network.maxPodsPerNode > 110) {
    report.warning("config/beyond-tested-size", [...path, "maxPodsPerNode"], {
      message: "spec.network.maxPodsPerNode is more than Kubernetes is tested with",
      because: `found ${network.maxPodsPerNode}; the limit of the tests is 110`,
      hint: { text: "write 110 unless you measured more" },
    });
  }
};
