import { hostIdentity as identityFact } from "../../facts/host-identity.ts";
import { interfaces } from "../../facts/interfaces.ts";
import type { HostName } from "../../hosts/port.ts";
import { askHosts } from "../ask-hosts.ts";
import type { Finding, PreflightCheck } from "../check.ts";
import { interfaceWith } from "../own-interface.ts";

type Mark = "machineId" | "productUuid" | "mac";

const marks: readonly {
  readonly mark: Mark;
  readonly noun: string;
  readonly about: Pick<Finding, "severity" | "hint">;
}[] = [
  {
    mark: "machineId",
    noun: "machine-id",
    about: {
      severity: "error",
      hint: {
        text: "give each host its own, and restart it",
        command: "rm -f /etc/machine-id && systemd-machine-id-setup",
      },
    },
  },
  {
    mark: "mac",
    noun: "MAC address",
    about: { severity: "error", hint: { text: "give each virtual machine its own MAC address" } },
  },
  {
    // Containers show the UUID of the machine they are on, and some boards come with one UUID for all: Kubernetes runs.
    mark: "productUuid",
    noun: "product_uuid",
    about: { severity: "warning", hint: { text: "give each virtual machine its own UUID" } },
  },
];

/** No two hosts are copies of each other: kubeadm and the network rely on it. */
export const hostIdentity: PreflightCheck = {
  name: "host-identity",
  asks: "machine-id, MAC address and product_uuid, unique",
  run: async (context) => {
    const { values, findings } = await askHosts(context, context.hosts, async (host) => {
      const [identity, found] = await Promise.all([
        context.fact(host.name, identityFact),
        context.fact(host.name, interfaces),
      ]);
      const mac = interfaceWith(host.address, found ?? [])?.mac;
      return { ...identity, ...(mac === undefined ? {} : { mac }) };
    });
    if (values.size < 2) return { state: "skipped", because: "fewer than two hosts could be compared" };
    const duplicates = marks.flatMap(({ mark, noun, about }) => {
      const byValue = new Map<string, HostName[]>();
      for (const [host, identity] of values) {
        const value = identity[mark];
        if (value !== undefined) byValue.set(value, [...(byValue.get(value) ?? []), host]);
      }
      const shared = [...byValue].filter(([, hosts]) => hosts.length > 1);
      return shared.flatMap(([value, hosts]) =>
        hosts.map(
          (host): Finding => ({
            ...about,
            host,
            message: `hosts share one ${noun}`,
            because: `${value} is on ${hosts.length} hosts; each needs its own`,
          }),
        ),
      );
    });
    return { state: "judged", findings: [...findings, ...duplicates], because: "no two hosts share an identity" };
  },
};
