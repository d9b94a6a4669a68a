import {
  addressBits,
  addressFamily,
  canonicalAddress,
  cidrContains,
  cidrText,
  subnetOf,
  unusableAddress,
  unusableInSubnet,
} from "../../domain/addresses.ts";
import { apiServerPort } from "../cluster-spec.ts";
import type { HostEntry, Sections } from "../schema/cluster-file-schema.ts";
import type { PlacedHost, Rule, RuleReport } from "./rule.ts";
import { hostPath, nameSome } from "./rule.ts";

const path = ["spec", "endpoint"] as const;

/** The endpoint and the load-balancer hosts fit each other. */
export const endpointKind: Rule = ({ hosts, endpoint }, report) => {
  if (hosts === undefined || endpoint === undefined) return;
  const balancers = hosts.filter((host) => host.roles.includes("load-balancer"));
  const names = nameSome(balancers.map((host) => host.name));
  if (endpoint.virtualIP !== undefined && endpoint.external !== undefined) {
    report.error("config/endpoint-conflict", [...path, "external"], {
      message: "spec.endpoint is both a virtual IP and external",
      because: `virtualIP is on ${report.placeOf([...path, "virtualIP"])}; clients have one way in`,
      hint: { text: "keep one of the two" },
    });
    return;
  }
  if (endpoint.virtualIP !== undefined) {
    checkBalancersOfVirtualIp(balancers, report);
  } else if (endpoint.external !== undefined) {
    if (balancers.length > 0) {
      report.error("config/endpoint-conflict", [...path, "external"], {
        message: "an external load balancer leaves nothing for the load-balancer hosts",
        because: `${names} ${balancers.length === 1 ? "has" : "have"} the role load-balancer, and spec.endpoint.external is set`,
        hint: { text: "remove those hosts, or set spec.endpoint.virtualIP in place of external" },
      });
    }
    if (endpoint.name === undefined && endpoint.external.address === undefined) {
      report.error("config/endpoint-incomplete", [...path, "external"], {
        message: "the external load balancer has no name and no address",
        because: "clients and certificates need spec.endpoint.name or spec.endpoint.external.address",
        hint: { text: "add name: api.example.com to spec.endpoint" },
      });
    }
    const { address } = endpoint.external;
    const unusable = address === undefined ? undefined : unusableAddress(address);
    if (unusable !== undefined) {
      report.error("config/unusable-address", [...path, "external", "address"], {
        message: "the external load balancer cannot have this address",
        because: unusable,
        hint: { text: "write the address clients reach it at" },
      });
    }
  } else {
    checkPlainHost(hosts, balancers, endpoint, report);
  }
};

function checkBalancersOfVirtualIp(balancers: readonly HostEntry[], report: RuleReport): void {
  if (balancers.length === 0) {
    report.error("config/endpoint-without-load-balancer", [...path, "virtualIP"], {
      message: "the virtual IP has no host to live on",
      because: "no host has the role load-balancer",
      hint: { text: "add roles: [load-balancer] to two hosts, or set spec.endpoint.external" },
    });
  } else if (balancers.length === 1) {
    report.warning("config/single-load-balancer", [...path, "virtualIP"], {
      message: "the virtual IP cannot move",
      because: `${balancers[0]?.name ?? ""} is the only load-balancer host; when it fails, the API servers cannot be reached`,
      hint: { text: "add a second load-balancer host" },
    });
  }
}

function checkPlainHost(
  hosts: readonly HostEntry[],
  balancers: readonly HostEntry[],
  endpoint: Sections["endpoint"],
  report: RuleReport,
): void {
  const controlPlanes = hosts.filter((host) => host.roles.includes("control-plane"));
  if (balancers.length > 1) {
    report.error("config/endpoint-incomplete", path, {
      message: "the load balancers have no address in common",
      because: `${nameSome(balancers.map((host) => host.name))} have the role load-balancer, and spec.endpoint.virtualIP is not set`,
      hint: { text: "add virtualIP: { address: ..., prefix: 24 } to spec.endpoint, or keep one load balancer" },
    });
  } else if (balancers.length === 0 && controlPlanes.length > 1) {
    report.error("config/endpoint-incomplete", path, {
      message: "several control planes have no endpoint in common",
      because: `${nameSome(controlPlanes.map((host) => host.name))} have the role control-plane; no host has the role load-balancer, and spec.endpoint.external is not set`,
      hint: { text: "add two load-balancer hosts and spec.endpoint.virtualIP, or set spec.endpoint.external" },
    });
  } else if (balancers.length === 0 && controlPlanes.length === 1 && endpoint.port !== apiServerPort) {
    report.error("config/endpoint-conflict", [...path, "port"], {
      message: "the endpoint's port is not the API server's",
      because: `found ${endpoint.port}; without a load balancer clients reach the API server itself, on ${apiServerPort}`,
      hint: { text: `write port: ${apiServerPort}, or add a load-balancer host` },
    });
  }
}

/** The virtual IP is free, and in the subnet of the load balancers. */
export const virtualIp: Rule = ({ placedHosts, endpoint }, report) => {
  const vip = endpoint?.virtualIP;
  if (vip === undefined) return;
  const vipPath = [...path, "virtualIP", "address"];
  const subnet = subnetOf(vip.address, vip.prefix);
  if (subnet === undefined) {
    report.error("config/out-of-range", [...path, "virtualIP", "prefix"], {
      message: "the prefix of the virtual IP is too long",
      because: `found ${vip.prefix}; ${vip.address} is an IPv4 address of ${addressBits(4)} bits`,
      hint: { text: "write the prefix length of the load balancers' subnet, often 24" },
    });
  }
  const unusable =
    unusableAddress(vip.address) ?? (subnet === undefined ? undefined : unusableInSubnet(subnet, vip.address));
  if (unusable !== undefined) {
    report.error("config/unusable-address", vipPath, {
      message: "the virtual IP cannot be this address",
      because: unusable,
      hint: { text: "write a free address of the load balancers' subnet" },
    });
  }
  const owner = placedHosts.find(({ host }) => canonicalAddress(host.address) === canonicalAddress(vip.address));
  if (owner !== undefined) {
    report.error("config/vip-is-a-host", vipPath, {
      message: "the virtual IP is the address of a host",
      because: `${vip.address} is the address of ${owner.host.name} on ${report.placeOf(hostPath(owner, "address"))}; a virtual IP moves between hosts`,
      hint: { text: "write a free address of the load balancers' subnet" },
    });
  }
  const outside = placedHosts.filter(
    ({ host }) => host.roles.includes("load-balancer") && subnet !== undefined && !cidrContains(subnet, host.address),
  );
  const [first] = outside;
  if (first !== undefined && subnet !== undefined) {
    report.error("config/vip-outside-subnet", vipPath, {
      message: "the virtual IP is not in the subnet of the load balancers",
      because: `${vip.address}/${vip.prefix} is in ${cidrText(subnet)}; ${outsideText(first, report)}${outside.length > 1 ? `, and ${outside.length - 1} more load balancers are outside` : ""}`,
      hint: {
        text:
          addressFamily(first.host.address) === subnet.family
            ? "write an address of their subnet, and its prefix"
            : `write an IPv${addressFamily(first.host.address) ?? 4} address, as the hosts have`,
      },
    });
  }
};

function outsideText(placed: PlacedHost, report: RuleReport): string {
  return `${placed.host.name} has ${placed.host.address} (${report.placeOf(hostPath(placed, "address"))})`;
}
