import { etcdHosts } from "../../cluster/etcd-places.ts";
import { quorum } from "../../domain/quorum.ts";
import type { Look } from "../../engine/step.ts";
import { etcdData } from "../../facts/etcd-data.ts";
import type { HostName } from "../../hosts/port.ts";
import { type Problem, ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { memberCertificates } from "./etcd-certificates.ts";
import { authorityCopy } from "./judge-certificates.ts";

/**
 * Why certificates of `authority` (PEM) must not be handed out: a quorum of the members trusts another one, so neither
 * the other members nor the API servers could talk to who is given one. A single member that differs is drift.
 */
export async function otherAuthority(
  look: Pick<Look, "factOf">,
  spec: ClusterSpec,
  authority: string,
): Promise<Problem | undefined> {
  const hosts = etcdHosts(spec);
  const trusts = await Promise.all(hosts.map((host) => trustOf(look, spec, host, authority)));
  const named = (trust: Trust): HostName[] =>
    hosts.flatMap((host, index) => (trusts[index] === trust ? [host.name] : []));
  const others = named("another");
  const withData = others.length + named("ours").length;
  if (withData === 0 || others.length < quorum(withData)) return undefined;
  return {
    code: "etcd/authority-foreign",
    severity: "error",
    message: "etcd's certificates cannot be issued by the authority in the vault",
    because: `${others.join(", ")} of ${withData} etcd hosts with data trust another authority, and would refuse them`,
    hint: { text: "Run Slipway with the state folder the cluster was made with, or put its vault back" },
  };
}

/** "ours" also where the copy is lost or damaged: what was trusted there before is not known to be another one. */
type Trust = "ours" | "another" | "none";

async function trustOf(
  look: Pick<Look, "factOf">,
  spec: ClusterSpec,
  host: HostSpec,
  authority: string,
): Promise<Trust> {
  try {
    const [data, copy] = await Promise.all([
      look.factOf(host.name, etcdData(spec.etcd.dataDir)),
      look.factOf(host.name, authorityCopy(memberCertificates(host).authorityPath)),
    ]);
    if (data !== "present") return "none";
    return copy?.includes(certificateMark) === true && !copy.includes(authority.trim()) ? "another" : "ours";
  } catch (cause) {
    // A host that cannot be asked has no vote here; it is the status's to tell.
    if (cause instanceof ProblemError && cause.problem.code.startsWith("ssh/")) return "none";
    throw cause;
  }
}

const certificateMark = "-----BEGIN CERTIFICATE-----";
