import { canonicalAddress } from "../../domain/addresses.ts";
import { inspectSigningRequest } from "../../pki/signing-request.ts";
import type { HostSpec } from "../../spec/cluster-spec.ts";

/** https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers (2026-11-21) */
export const servingSigner = "kubernetes.io/kubelet-serving";

/** A CertificateSigningRequest as the API has it, as far as it is judged. */
export interface ServingRequest {
  readonly metadata: { readonly name: string; readonly creationTimestamp?: string };
  readonly spec: {
    /** PEM in base64. */
    readonly request: string;
    readonly signerName: string;
    readonly usages?: readonly string[];
    /** Who asked; the API server writes both. */
    readonly username?: string;
    readonly groups?: readonly string[];
    readonly expirationSeconds?: number;
  };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string }[];
    readonly certificate?: string;
  };
}

export type ServingJudgement =
  | { readonly state: "ours"; readonly host: HostSpec }
  /** Statements: what is wrong with it. */
  | { readonly state: "strange"; readonly because: readonly [string, ...string[]] };

const nodePrefix = "system:node:";
const nodesGroup = "system:nodes";
const neededUsages = ["digital signature", "server auth"];
/** RSA keys are used for key encipherment too. */
const allowedUsages: ReadonlySet<string> = new Set([...neededUsages, "key encipherment"]);

/** Nobody has approved, denied or signed it. */
export function isPending({ status }: ServingRequest): boolean {
  return (status?.conditions ?? []).length === 0 && (status?.certificate ?? "") === "";
}

/** The node a request says it is from: "w-1"; undefined for one that is not from a node. */
export function requesterOf({ spec }: ServingRequest): string | undefined {
  return spec.username?.startsWith(nodePrefix) ? spec.username.slice(nodePrefix.length) : undefined;
}

/**
 * Whether a request for a serving certificate is what the kubelet of one of these hosts asks for, and nothing more: asked
 * by that node, for itself, with names and addresses the cluster file gives that host.
 */
export async function judgeServingRequest(
  request: ServingRequest,
  hosts: readonly HostSpec[],
): Promise<ServingJudgement> {
  const { spec } = request;
  const name = requesterOf(request);
  if (name === undefined) return strange([`${quoted(spec.username)} asks, which is not a node`]);
  const host = hosts.find((one) => one.name === name);
  if (host === undefined) return strange([`node ${quoted(name)} asks, which is not in the cluster file`]);
  const facts = await inspectSigningRequest(Buffer.from(spec.request, "base64").toString("utf8"));
  if (typeof facts === "string") return strange([facts]);
  const address = canonicalAddress(host.address) ?? host.address;
  const usages = spec.usages ?? [];
  const [first, ...rest] = [
    ...(spec.signerName === servingSigner ? [] : [`it is for the signer ${quoted(spec.signerName)}`]),
    ...((spec.groups ?? []).includes(nodesGroup) ? [] : [`whoever asks is not of the group ${nodesGroup}`]),
    ...(facts.isSigned ? [] : ["it is not signed with its own key"]),
    ...(facts.commonName === spec.username ? [] : [`its common name is ${quoted(facts.commonName)}`]),
    ...(facts.organizations.length === 1 && facts.organizations[0] === nodesGroup
      ? []
      : [`its organization is ${quoted(facts.organizations.join(", "))}`]),
    ...(facts.otherAttributes.length === 0 ? [] : [`its subject has ${quoted(facts.otherAttributes.join(", "))}`]),
    ...facts.dnsNames.flatMap((one) => (one === host.name ? [] : [`it is for the name ${quoted(one)}`])),
    ...facts.ipAddresses.flatMap((one) => (one === address ? [] : [`it is for the address ${quoted(one)}`])),
    ...facts.otherNames.map((one) => `it is for ${quoted(one)}`),
    ...(facts.dnsNames.length + facts.ipAddresses.length > 0 ? [] : ["it is for no name and no address"]),
    ...usages.flatMap((one) => (allowedUsages.has(one) ? [] : [`it is to be used for ${quoted(one)}`])),
    ...neededUsages.flatMap((one) => (usages.includes(one) ? [] : [`it is not to be used for ${one}`])),
  ];
  return first === undefined ? { state: "ours", host } : strange([first, ...rest]);
}

function strange(because: readonly [string, ...string[]]): ServingJudgement {
  return { state: "strange", because };
}

/** Somebody else wrote it: bounded, and without anything a terminal obeys. */
function quoted(text: string | undefined): string {
  return JSON.stringify((text ?? "").replace(/\p{C}/gu, "?").slice(0, 100));
}
