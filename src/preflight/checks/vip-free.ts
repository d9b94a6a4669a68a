import { addressFamily, cidrContains, subnetOf } from "../../domain/addresses.ts";
import { type Interface, interfaces } from "../../facts/interfaces.ts";
import { interpreter } from "../../facts/interpreter.ts";
import { neighbour } from "../../facts/neighbour.ts";
import { tcpReach } from "../../facts/tcp-reach.ts";
import type { HostName } from "../../hosts/port.ts";
import type { EndpointSpec } from "../../spec/cluster-spec.ts";
import { askHosts } from "../ask-hosts.ts";
import type { CheckOutcome, Finding, PreflightCheck, PreflightContext } from "../check.ts";
import { interfaceWith } from "../own-interface.ts";

/** A host with many networks does not fill the screen. */
const addressesShown = 6;

/** Who has an address says so on the link in milliseconds; nobody is told from somebody by waiting. */
const answersWithinSeconds = 1;

type VirtualIp = Extract<EndpointSpec, { kind: "virtual-ip" }>;

/** The virtual IP can be put on the load balancers, and nobody but them has it. */
export const vipFree: PreflightCheck = {
  name: "vip-free",
  asks: "the virtual IP",
  run: async (context) => {
    const { endpoint } = context.spec;
    if (endpoint.kind !== "virtual-ip") return { state: "skipped", because: "the cluster has no virtual IP" };
    const balancers = context.hosts.filter((host) => host.roles.includes("load-balancer"));
    if (balancers.length === 0) return { state: "skipped", because: "no load balancer is asked" };
    return await judgeVip(context, endpoint);
  },
};

async function judgeVip(context: PreflightContext, endpoint: VirtualIp): Promise<CheckOutcome> {
  const { hosts, spec } = context;
  // The load balancers are asked even when preflight is limited to other hosts: one of them may well have the address.
  const others = spec.hosts.filter((host) => host.roles.includes("load-balancer") && !hosts.includes(host));
  const { values, findings } = await askHosts(
    context,
    [...hosts, ...others],
    async ({ name }) => (await context.fact(name, interfaces)) ?? [],
  );
  if (values.size === 0 && findings.length === 0) return { state: "skipped", because: "no host could be reached" };
  const balancers = new Set(spec.hosts.filter((host) => host.roles.includes("load-balancer")).map((host) => host.name));
  const limitedTo = new Set(hosts.map((host) => host.name));
  const isBalancer = (host: HostName) => balancers.has(host);
  const holders = [...values].filter(([, found]) => interfaceWith(endpoint.address, found) !== undefined);
  const strangers = holders.filter(([host]) => !isBalancer(host));
  const found: Finding[] = [
    ...findings,
    ...strangers.map(
      ([host]): Finding => ({
        severity: "error",
        host,
        message: `the host has the virtual IP ${endpoint.address}, but is no load balancer`,
        because: "two hosts with one address take each other's connections",
        hint: { text: "remove the address from the host, or choose another virtual IP" },
      }),
    ),
    ...[...values].flatMap(([host, ones]) => {
      return isBalancer(host) && limitedTo.has(host) ? judgeSubnet(host, ones, endpoint) : [];
    }),
  ];
  const asker = [...values.keys()].find(isBalancer);
  const silent = [...balancers].filter((host) => !values.has(host));
  if (holders.length === 0 && silent.length > 0) {
    return {
      state: "judged",
      findings: found,
      because: `nobody but ${silent.join(", ")} can have ${endpoint.address}`,
    };
  }
  if (holders.length === 0 && asker !== undefined) {
    // Keepalived may have been started a moment ago: a load balancer can take the address between the two questions.
    const own = [...values].flatMap(([host, ones]) => (isBalancer(host) ? ones.map(({ mac }) => mac) : []));
    found.push(...(await judgeStranger(context, asker, endpoint, new Set(own))));
  }
  const held = holders.map(([host]) => host).join(", ");
  const because = held === "" ? `nobody has ${endpoint.address}` : `${endpoint.address} is on ${held}`;
  return { state: "judged", findings: found, because };
}

function judgeSubnet(host: HostName, found: readonly Interface[], endpoint: VirtualIp): readonly Finding[] {
  const named = found.filter((one) => endpoint.interface === undefined || one.name === endpoint.interface);
  const fits = named.some((one) =>
    one.addresses.some(({ address, prefix }) => {
      const subnet = addressFamily(address) === undefined ? undefined : subnetOf(address, prefix);
      return subnet !== undefined && cidrContains(subnet, endpoint.address);
    }),
  );
  if (fits) return [];
  const shown = found
    .filter((one) => !one.isLoopback)
    .flatMap((one) =>
      one.addresses.filter(({ scope }) => scope === "global").map((own) => `${one.name} ${own.address}`),
    )
    .slice(0, addressesShown);
  const interfaceText = endpoint.interface === undefined ? "no interface" : `no interface ${endpoint.interface}`;
  return [
    {
      severity: "error",
      host,
      message: `the virtual IP ${endpoint.address} cannot be put on the host`,
      because: `${interfaceText} is in its subnet; there are ${shown.join(", ") || "none"}`,
      hint: {
        text: "choose a free address of the load balancers' subnet, or name the interface in endpoint.interface",
      },
    },
  ];
}

/**
 * Talks to the address, so that the kernel asks the link who has it, then looks who answered. `own` are the link
 * addresses of the load balancers, which may have it.
 */
async function judgeStranger(
  context: PreflightContext,
  host: HostName,
  endpoint: VirtualIp,
  own: ReadonlySet<string | undefined>,
): Promise<readonly Finding[]> {
  const spec = context.spec.hosts.filter((one) => one.name === host);
  const { values, findings } = await askHosts(context, spec, async () => {
    const by = await context.fact(host, interpreter);
    if (by === undefined) return undefined;
    const target = { host: endpoint.address, port: endpoint.port };
    const [reach] = await context.fact(host, tcpReach(by, [target], answersWithinSeconds));
    const owner = await context.fact(host, neighbour(endpoint.address));
    return { reach, owner };
  });
  const answer = values.get(host);
  const owner = answer?.owner;
  const isAnswered = answer?.reach?.state === "open" || answer?.reach?.state === "refused";
  // Without an entry for it on the link, an answer came from a router: the address is not in this network.
  if (owner === undefined || own.has(owner.mac) || !(owner.isConfirmed || isAnswered)) return findings;
  return [
    ...findings,
    {
      severity: "error",
      host,
      message: `the virtual IP ${endpoint.address} is in use by another machine`,
      because: `${owner.mac} on ${owner.device} answers for it, and no host of the cluster has it`,
      hint: {
        text: "choose a free address, or switch the other machine off",
        command: `ip neigh show to ${endpoint.address}`,
      },
    },
  ];
}
