import type { Look } from "../../engine/step.ts";
import type { Fact } from "../../facts/fact.ts";
import { beginningOf } from "../../facts/not-understood.ts";
import type { HostName } from "../../hosts/port.ts";
import { isSignedBy } from "../../pki/inspect-certificate.ts";
import { type Problem, ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import { apiServerCertificatePath } from "./api-server-certificate.ts";
import { clusterAuthority, readAuthority } from "./kubernetes-authorities.ts";

const issued: Fact<string | undefined> = {
  name: "issued-api-server-certificate",
  reads: [{ kind: "content", path: apiServerCertificatePath, maxBytes: 64 * 1024 }],
  parse: ([answer]) => beginningOf("issued-api-server-certificate", apiServerCertificatePath, answer),
};

/**
 * `kubernetes/authority-foreign`: the vault has an authority, and control planes live by another one. Placed over theirs, it
 * would shut out every kubelet and every client at once. One certificate of the vault's authority is enough to know that it
 * is the cluster's: what the other hosts have is drift then. Hosts without any, or that cannot be reached, say nothing.
 */
export async function foreignAuthority(
  look: Pick<Look, "factOf" | "vault">,
  spec: ClusterSpec,
): Promise<Problem | undefined> {
  const authority = await readAuthority(look, clusterAuthority);
  if (authority === undefined) return undefined;
  const seen = await Promise.all(
    controlPlaneHosts(spec).map(async ({ name }) => ({
      name,
      isOurs: await isOfAuthority(look, name, authority.certificate),
    })),
  );
  const foreign = seen.filter((one) => one.isOurs === false).map((one) => one.name);
  if (foreign.length === 0 || seen.some((one) => one.isOurs === true)) return undefined;
  return {
    code: "kubernetes/authority-foreign",
    severity: "error",
    message: "the control plane lives by another authority than the one in the vault",
    because: `the API server's certificate of ${foreign.join(", ")} is not signed by ${clusterAuthority.certificate} of the state folder`,
    hint: {
      text: "Run Slipway with the state folder the cluster was made with; if the cluster is not needed, run `kubeadm reset` on those hosts",
    },
  };
}

/** Undefined where there is nothing to tell it by. */
async function isOfAuthority(
  look: Pick<Look, "factOf">,
  host: HostName,
  authority: string,
): Promise<boolean | undefined> {
  try {
    const pem = await look.factOf(host, issued);
    return pem === undefined ? undefined : isSignedBy(pem, authority, apiServerCertificatePath);
  } catch (cause) {
    const isUnseen =
      cause instanceof ProblemError &&
      (cause.problem.code.startsWith("ssh/") || cause.problem.code === "certificate/not-understood");
    if (isUnseen) return undefined;
    throw cause;
  }
}
