import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import type { Secret } from "../hosts/secret.ts";
import { ProblemError } from "../problems/problem.ts";
import type { CertificateUsage } from "./issue-certificate.ts";

/** What a certificate says of itself. */
export interface CertificateFacts {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** One line: "CN=etcd-ca". */
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly dnsNames: readonly string[];
  /** As short as IPv6 can be written. */
  readonly ipAddresses: readonly string[];
  readonly usages: readonly CertificateUsage[];
  readonly isAuthority: boolean;
  /** SHA-256 of the certificate: lower-case hex, no colons. */
  readonly fingerprint: string;
  /** SPKI PEM. */
  readonly publicKey: string;
}

const usageIds: Readonly<Record<string, CertificateUsage>> = {
  "1.3.6.1.5.5.7.3.1": "server",
  "1.3.6.1.5.5.7.3.2": "client",
};

/** Reads the first certificate of a PEM text. Throws `certificate/not-understood`, naming `where`, when there is none. */
export function inspectCertificate(pem: string, where: string): CertificateFacts {
  const certificate = parseCertificate(pem, where);
  const names = certificate.subjectAltName?.split(", ") ?? [];
  const named = (kind: string) => names.flatMap((one) => (one.startsWith(kind) ? [one.slice(kind.length)] : []));
  const subject = certificate.subject?.split("\n") ?? [];
  return {
    commonName: subject.find((one) => one.startsWith("CN="))?.slice(3) ?? "",
    organizations: subject.flatMap((one) => (one.startsWith("O=") ? [one.slice(2)] : [])),
    subject: subject.join(", "),
    issuer: certificate.issuer?.split("\n").join(", ") ?? "",
    serialNumber: certificate.serialNumber,
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
    dnsNames: named("DNS:"),
    ipAddresses: named("IP Address:").map(canonicalAddress),
    usages: (certificate.keyUsage ?? []).flatMap((oid) => usageIds[oid] ?? []),
    isAuthority: certificate.ca,
    fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
    publicKey: certificate.publicKey.export({ format: "pem", type: "spki" }).toString(),
  };
}

/** Whether the authority's key made this certificate's signature (names and dates are not looked at). */
export function isSignedBy(pem: string, authorityPem: string, where: string): boolean {
  const certificate = parseCertificate(pem, where);
  const authority = parseCertificate(authorityPem, `authority of ${where}`);
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

/** Whether this is the private key of the certificate. A key that cannot be read is not. */
export function isKeyOf(pem: string, key: Secret, where: string): boolean {
  const certificate = parseCertificate(pem, where);
  try {
    return certificate.checkPrivateKey(createPrivateKey(key.reveal()));
  } catch (cause) {
    if (cause instanceof Error) return false;
    throw cause;
  }
}

/** Whether two public keys in PEM are the same one; text that is not a public key is not. */
export function isSamePublicKey(pem: string, other: string): boolean {
  try {
    return createPublicKey(pem).equals(createPublicKey(other));
  } catch (cause) {
    if (cause instanceof Error) return false;
    throw cause;
  }
}

/** IPv6 as short as it can be written, so that two spellings of one address are equal; IPv4 as it is. */
export function canonicalAddress(address: string): string {
  return address.includes(":") ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}

function parseCertificate(pem: string, where: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new ProblemError(
      {
        code: "certificate/not-understood",
        severity: "error",
        message: `${where} holds no certificate`,
        because: cause instanceof Error ? cause.message : String(cause),
      },
      { cause },
    );
  }
}
