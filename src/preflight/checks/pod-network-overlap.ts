import { type Cidr, cidrContains, cidrsOverlap, cidrText, parseCidr } from "../../domain/addresses.ts";
import { type Route, routes } from "../../facts/routes.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { PreflightCheck } from "../check.ts";

/** Interfaces a pod network makes for itself: routes over them are its own. */
const podInterfaces = /^(cni|cali|cilium|lxc|flannel|vxlan|tunl|kube-|veth|nodelocaldns|wireguard\.cali)/;

/** No host already sends addresses of the pod or service network somewhere else. */
export const podNetworkOverlap: PreflightCheck = {
  name: "pod-network-overlap",
  asks: "routes that overlap the pod and service networks",
  run: (context) => {
    const { podCidr, serviceCidr } = context.spec.network;
    const networks = [
      { name: "pod network", cidr: parseCidr(podCidr) },
      { name: "service network", cidr: parseCidr(serviceCidr) },
    ].flatMap(({ name, cidr }) => (cidr === undefined ? [] : [{ name, cidr }]));
    const clusterAddresses = new Set(context.spec.hosts.map((host) => host.address));
    return judgeHosts(context, context.hosts, "no host has a route into the pod or service network", async (host) => {
      const found = (await context.fact(host.name, routes)) ?? [];
      const foreign = found.filter((route) => !isOfPodNetwork(route, clusterAddresses));
      return networks.flatMap(({ name, cidr }) =>
        foreign
          .filter((route) => overlaps(route, cidr))
          .map((route) => ({
            severity: "error",
            message: `the ${name} ${cidrText(cidr)} overlaps a network the host already reaches`,
            because: `${route.destination} goes ${route.gateway === undefined ? "" : `by ${route.gateway} `}over ${route.device ?? "an unknown interface"}`,
            hint: { text: "choose a network in the cluster file that is used nowhere else", command: "ip route show" },
          })),
      );
    });
  },
};

function isOfPodNetwork(route: Route, clusterAddresses: ReadonlySet<string>): boolean {
  // A node's share of the pod network, by way of the node: what a network without tunnels looks like.
  if (route.isOurs) return true;
  return podInterfaces.test(route.device ?? "") || (route.gateway !== undefined && clusterAddresses.has(route.gateway));
}

function overlaps(route: Route, network: Cidr): boolean {
  const cidr = parseCidr(route.destination);
  return cidr === undefined ? cidrContains(network, route.destination) : cidrsOverlap(cidr, network);
}
