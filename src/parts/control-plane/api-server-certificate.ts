import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { addressAt, parseCidr } from "../../domain/addresses.ts";
import { certificateOnHost } from "../../facts/certificate-file.ts";
import type { Fact } from "../../facts/fact.ts";
import type { Answer, Read } from "../../hosts/port.ts";
import { canonicalAddress, isSamePublicKey, isSignedBy } from "../../pki/inspect-certificate.ts";
import { apiServerPort, type ClusterSpec, type HostSpec } from "../../spec/cluster-spec.ts";
import { certificateNames } from "./cluster-configuration.ts";
import { pkiFolder } from "./control-plane-layout.ts";

export const apiServerCertificatePath = `${pkiFolder}/apiserver.crt`;
export const apiServerKeyPath = `${pkiFolder}/apiserver.key`;

/** The API server's certificate: as it lies on the host, and as the port serves it. PEM; undefined where there is none. */
export interface ApiServerCertificate {
  readonly onDisk?: string;
  /** SPKI PEM of the key beside it; "" when there is none that can be read; absent without openssl to ask. */
  readonly publicKey?: string;
  readonly served?: string;
}

/** Asks a host for both. Nobody who listens is an ordinary answer. */
export function apiServerCertificate(host: HostSpec): Fact<ApiServerCertificate> {
  const address = host.address.includes(":") ? `[${host.address}]` : host.address;
  const files = certificateOnHost(apiServerCertificatePath, apiServerKeyPath);
  const reads: readonly Read[] = [
    ...files.reads,
    {
      kind: "run",
      argv: ["timeout", "10", "openssl", "s_client", "-connect", `${address}:${apiServerPort}`],
      stdin: "",
    },
  ];
  return {
    name: "api-server-certificate",
    reads,
    parse(answers) {
      const { pem, publicKey } = files.parse(answers.slice(0, files.reads.length));
      const served = pemIn(answers[files.reads.length]);
      return {
        ...(pem === undefined ? {} : { onDisk: pem }),
        ...(publicKey === "no-openssl" ? {} : { publicKey }),
        ...(served === undefined ? {} : { served }),
      };
    },
  };
}

/** What the API server's certificate is held against. */
export interface ServingWish {
  /** PEM of the cluster's authority, whom clients believe. */
  readonly authority: string;
  readonly now: Date;
}

/**
 * Why kubeadm has to issue the API server's certificate anew: clients would not believe it, its key is another one's, or it
 * is for other names than those it has to be for, one too many being as wrong as one missing. Undefined when it will do.
 */
export function whyReissue(
  spec: ClusterSpec,
  host: HostSpec,
  found: ApiServerCertificate,
  { authority, now }: ServingWish,
): string | undefined {
  const { onDisk, publicKey } = found;
  if (onDisk === undefined) return "it is missing";
  const certificate = certificateOf(onDisk);
  const has = namesIn(certificate);
  if (certificate === undefined || has === undefined) return "it is not a certificate";
  if (!isSignedBy(onDisk, authority, apiServerCertificatePath)) return "it is signed by another authority";
  const { validFromDate, validToDate } = certificate;
  if (validToDate < now) return `it expired on ${validToDate.toISOString().slice(0, 10)}`;
  if (validFromDate > now) return `it is not valid before ${validFromDate.toISOString()}`;
  const own = certificate.publicKey.export({ format: "pem", type: "spki" }).toString();
  if (publicKey !== undefined && !isSamePublicKey(own, publicKey)) return "its key belongs to another certificate";
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

function namesIn(certificate: X509Certificate | undefined): ReadonlySet<string> | undefined {
  const text = certificate?.subjectAltName;
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
