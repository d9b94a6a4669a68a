import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { addressAt, parseCidr } from "../../domain/addresses.ts";
import type { Fact } from "../../facts/fact.ts";
import { beginningOf } from "../../facts/not-understood.ts";
import type { Answer, Read } from "../../hosts/port.ts";
import { canonicalAddress } from "../../pki/inspect-certificate.ts";
import { apiServerPort, type ClusterSpec, type HostSpec } from "../../spec/cluster-spec.ts";
import { certificateNames } from "./cluster-configuration.ts";
import { pkiFolder } from "./control-plane-layout.ts";

export const apiServerCertificatePath = `${pkiFolder}/apiserver.crt`;
export const apiServerKeyPath = `${pkiFolder}/apiserver.key`;

/** The API server's certificate: as it lies on the host, and as the port serves it. PEM; undefined where there is none. */
export interface ApiServerCertificate {
  readonly onDisk?: string;
  readonly served?: string;
}

/** Asks a host for both. Nobody who listens is an ordinary answer. */
export function apiServerCertificate(host: HostSpec): Fact<ApiServerCertificate> {
  const address = host.address.includes(":") ? `[${host.address}]` : host.address;
  const reads: readonly Read[] = [
    { kind: "content", path: apiServerCertificatePath, maxBytes: 64 * 1024 },
    {
      kind: "run",
      argv: ["timeout", "10", "openssl", "s_client", "-connect", `${address}:${apiServerPort}`],
      stdin: "",
    },
  ];
  return {
    name: "api-server-certificate",
    reads,
    parse([file, handshake]) {
      const onDisk = beginningOf("api-server-certificate", apiServerCertificatePath, file);
      const served = pemIn(handshake);
      return { ...(onDisk === undefined ? {} : { onDisk }), ...(served === undefined ? {} : { served }) };
    },
  };
}

/**
 * Why kubeadm has to issue the API server's certificate anew: it is for other names than those it has to be for, one too
 * many being as wrong as one missing. Undefined when it will do.
 */
export function whyReissue(spec: ClusterSpec, host: HostSpec, found: ApiServerCertificate): string | undefined {
  if (found.onDisk === undefined) return "it is missing";
  const has = namesIn(found.onDisk);
  if (has === undefined) return "it is not a certificate";
  const wanted = wantedNames(spec, host);
  const missing = [...wanted].filter((name) => !has.has(name));
  const extra = [...has].filter((name) => !wanted.has(name));
  if (missing.length > 0) return `it lacks ${missing.join(", ")}`;
  return extra.length > 0 ? `it is also for ${extra.join(", ")}` : undefined;
}

/** Whether another certificate is served than the one on disk. The API server takes a new one within a minute. */
export function servesAnother({ onDisk, served }: ApiServerCertificate): boolean {
  if (onDisk === undefined || served === undefined) return false;
  return fingerprintOf(onDisk) !== fingerprintOf(served);
}

/** What kubeadm puts there by itself, and what it is asked to. cmd/kubeadm/app/util/pkiutil, GetAPIServerAltNames of 1.36 */
function wantedNames(spec: ClusterSpec, host: HostSpec): ReadonlySet<string> {
  const range = parseCidr(spec.network.serviceCidr);
  const service = range === undefined ? undefined : addressAt(range, 1);
  const { dnsDomain } = spec.network;
  const own = [
    host.name,
    host.address,
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    `kubernetes.default.svc.${dnsDomain}`,
    ...(service === undefined ? [] : [service]),
  ];
  return new Set([...own, ...certificateNames(spec)].map(canonical));
}

function namesIn(pem: string): ReadonlySet<string> | undefined {
  const text = certificateOf(pem)?.subjectAltName;
  if (text === undefined) return undefined;
  const names = text.split(", ").map((one) => one.replace(/^(DNS|IP Address):/, ""));
  return new Set(names.map(canonical));
}

function fingerprintOf(pem: string): string | undefined {
  return certificateOf(pem)?.fingerprint256;
}

function certificateOf(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    // What is no certificate is named as that by who asked.
    if (cause instanceof Error) return undefined;
    throw cause;
  }
}

function canonical(name: string): string {
  return isIP(name) === 0 ? name.toLowerCase() : canonicalAddress(name);
}

function pemIn(answer: Answer | undefined): string | undefined {
  if (answer?.kind !== "result") return undefined;
  const [pem] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(answer.stdout.toString("utf8")) ?? [];
  return pem;
}
