import { failureTolerance, quorum } from "../../domain/quorum.ts";
import { etcdTopology, runsMember } from "../derived-values.ts";
import type { HostEntry } from "../schema/cluster-file-schema.ts";
import { suggest } from "../suggest.ts";
import type { FieldPath } from "../yaml/path-locator.ts";
import type { Rule, RuleReport } from "./rule.ts";
import { hostPath, nameSome } from "./rule.ts";

const path = ["spec", "etcd"] as const;

/** The members fit the topology, and their number gives what it costs. */
export const etcdMembers: Rule = ({ hosts, placedHosts, etcd }, report) => {
  if (hosts === undefined || etcd === undefined) return;
  const topology = etcdTopology(etcd, hosts);
  const members = hosts.filter((host) => runsMember(topology, host));
  if (topology === "external" && members.length === 0) {
    report.error("config/etcd-without-hosts", [...path, "topology"], {
      message: "external etcd has no hosts",
      because: "no host has the role etcd",
      hint: { text: "add roles: [etcd] to three hosts, or write topology: stacked" },
    });
    return;
  }
  if (topology === "stacked") {
    for (const placed of placedHosts) {
      const { roles, name } = placed.host;
      if (!roles.includes("etcd") || roles.includes("control-plane")) continue;
      report.error("config/etcd-topology-conflict", hostPath(placed, "roles", roles.indexOf("etcd")), {
        message: `host ${name} has the role etcd in a stacked topology`,
        because: `spec.etcd.topology on ${report.placeOf([...path, "topology"])} is stacked: members run on the control planes only`,
        hint: { text: "write topology: external, or remove the role" },
      });
    }
  }
  checkReplacing(etcd.replacing, members, report);
  const first = placedHosts.find(({ host }) => runsMember(topology, host));
  const role = topology === "external" ? "etcd" : "control-plane";
  const place = first === undefined ? ["spec", "hosts"] : hostPath(first, "roles", first.host.roles.indexOf(role));
  checkCount(members, hosts, topology, etcd.replacing, place, report);
  checkZones(members, report);
};

function checkReplacing(replacing: string | undefined, members: readonly HostEntry[], report: RuleReport): void {
  if (replacing === undefined) return;
  if (!members.some((member) => member.name === replacing)) {
    const names = members.map((member) => member.name);
    const near = suggest(replacing, names);
    report.error("config/unknown-host", [...path, "replacing"], {
      message: "the member that is being replaced is not in the file",
      because: `found ${replacing}; the members are on ${nameSome(names)}`,
      hint: {
        text:
          near === undefined
            ? "name the host whose member is to go, and keep it in the file until it is gone"
            : `did you mean ${near}`,
      },
    });
  } else if (members.length % 2 === 1) {
    report.warning("config/replacement-not-under-way", [...path, "replacing"], {
      message: "spec.etcd.replacing is set, but the number of members is odd",
      because: `${members.length} hosts run a member; a replacement has one more than usual`,
      hint: { text: "add the new host, or remove replacing when the replacement is done" },
    });
  }
}

function checkCount(
  members: readonly HostEntry[],
  hosts: readonly HostEntry[],
  topology: string,
  replacing: string | undefined,
  place: FieldPath,
  report: RuleReport,
): void {
  const count = members.length;
  if (count === 0) return;
  const role = topology === "external" ? "etcd" : "control-plane (etcd is stacked on them)";
  if (count % 2 === 0 && replacing === undefined) {
    report.error("config/even-etcd-members", place, {
      message: `${count} etcd members tolerate no more failures than ${count - 1}`,
      because: `${nameSome(members.map((member) => member.name))} have the role ${role}; quorum of ${count} is ${quorum(count)}, so ${failureTolerance(count)} may fail, as with ${count - 1}`,
      hint: { text: `use ${count - 1} or ${count + 1}; while one is being replaced, name it in spec.etcd.replacing` },
    });
  }
  if (count > 7) {
    report.warning("config/many-etcd-members", ["spec", "hosts"], {
      message: `${count} etcd members make every write slower`,
      because: "etcd suggests at most 7, and 5 for most (https://etcd.io/docs/v3.6/faq/#what-is-maximum-cluster-size)",
      hint: { text: "use 3 or 5 members" },
    });
  }
  const controlPlanes = hosts.filter((host) => host.roles.includes("control-plane")).length;
  if (count === 1 && controlPlanes > 1) {
    report.warning("config/single-etcd-member", ["spec", "hosts"], {
      message: "the cluster stops with its only etcd member",
      because: `${members[0]?.name ?? ""} is the only member for ${controlPlanes} control planes`,
      hint: { text: "give three hosts the role etcd" },
    });
  }
}

function checkZones(members: readonly HostEntry[], report: RuleReport): void {
  const byZone = Map.groupBy(members, (member) => member.zone);
  if (byZone.has(undefined) || byZone.size < 2 || members.length < 3) return;
  for (const [zone, inZone] of byZone) {
    if (members.length - inZone.length >= quorum(members.length)) continue;
    report.warning("config/quorum-in-one-zone", ["spec", "hosts"], {
      message: `etcd stops with zone ${zone ?? ""}`,
      because: `${nameSome(inZone.map((member) => member.name))} are in it; ${members.length - inZone.length} of ${members.length} members would be left, quorum is ${quorum(members.length)}`,
      hint: { text: "spread the members over three zones" },
    });
  }
}
