import { cidrContains, subnetOf } from "../../domain/addresses.ts";
import type { Interface } from "../../facts/interfaces.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { HostSpec } from "../../spec/cluster-spec.ts";
import type { VirtualIp } from "./keepalived-config.ts";

/**
 * The interface a host serves the virtual IP on: the one the cluster file names, or else the one with the host's own
 * address, or one whose subnet the virtual IP is in. Throws `load-balancer/no-interface`.
 */
export function virtualIpInterface(
  vip: VirtualIp,
  host: HostSpec,
  interfaces: readonly Interface[] | undefined,
): string {
  if (vip.interface !== undefined) return vip.interface;
  const candidates = (interfaces ?? []).filter((one) => !one.isLoopback && one.addresses.some(reaches));
  const own = candidates.find((one) => one.addresses.some(({ address }) => address === host.address));
  const found = own ?? candidates[0];
  if (found !== undefined) return found.name;
  const seen = (interfaces ?? []).flatMap((one) => one.addresses.map((at) => `${one.name} ${at.address}/${at.prefix}`));
  throw new ProblemError({
    code: "load-balancer/no-interface",
    severity: "error",
    message: `${host.name} cannot serve the virtual IP ${vip.address}`,
    because:
      interfaces === undefined
        ? "its interfaces are not known: there is no ip command (package iproute2)"
        : `no interface is in its subnet; found ${seen.join(", ") || "none"}`,
    hint: {
      text: "Name the interface in the cluster file as endpoint.interface, or give the virtual IP another address",
    },
    where: { host: host.name },
  });

  function reaches(at: Interface["addresses"][number]): boolean {
    const subnet = subnetOf(at.address, at.prefix);
    return subnet !== undefined && cidrContains(subnet, vip.address);
  }
}
