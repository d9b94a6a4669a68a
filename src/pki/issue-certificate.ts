import { createPrivateKey } from "node:crypto";
import { backdatedMs, exportKey, type KeyPair, keyAlgorithm, newSerialNumber } from "./certificate-authority.ts";
import { x509Library } from "./x509-library.ts";

export type CertificateUsage = "server" | "client";

/** What a leaf certificate must say. */
export interface CertificateRequest {
  readonly commonName: string;
  /** Groups, for Kubernetes clients: "system:masters". */
  readonly organizations?: readonly string[];
  readonly dnsNames: readonly string[];
  /** IPv4 or IPv6 addresses. */
  readonly ipAddresses: readonly string[];
  readonly usages: readonly [CertificateUsage, ...CertificateUsage[]];
  /** Default 365. */
  readonly validForDays?: number;
}

const dayMs = 24 * 3600_000;
const defaultDays = 365;

/** Makes a key and signs a certificate for it. It never outlives the authority. */
export async function issueCertificate(authority: KeyPair, request: CertificateRequest, now: Date): Promise<KeyPair> {
  const {
    AuthorityKeyIdentifierExtension,
    BasicConstraintsExtension,
    ExtendedKeyUsage,
    ExtendedKeyUsageExtension,
    KeyUsageFlags,
    KeyUsagesExtension,
    SubjectAlternativeNameExtension,
    SubjectKeyIdentifierExtension,
    X509Certificate,
    X509CertificateGenerator,
  } = await x509Library();
  const usageIds = { server: ExtendedKeyUsage.serverAuth, client: ExtendedKeyUsage.clientAuth };
  const issuer = new X509Certificate(authority.certificate);
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
  const wantedEnd = now.getTime() + (request.validForDays ?? defaultDays) * dayMs;
  const names = [
    ...request.dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...request.ipAddresses.map((value) => ({ type: "ip" as const, value })),
  ];
  const organizations = request.organizations ?? [];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject: [...organizations.map((name) => ({ O: [name] })), { CN: [request.commonName] }],
    issuer: issuer.subject,
    notBefore: new Date(Math.max(now.getTime() - backdatedMs, issuer.notBefore.getTime())),
    notAfter: new Date(Math.min(wantedEnd, issuer.notAfter.getTime())),
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority),
    signingAlgorithm: keyAlgorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension(request.usages.map((usage) => usageIds[usage])),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, key: await exportKey(keys.privateKey) };
}

/** Reads any private key Node reads (PKCS #8, SEC 1) as a signing key. */
function signingKey(authority: KeyPair): Promise<CryptoKey> {
  const der = createPrivateKey(authority.key.reveal()).export({ format: "der", type: "pkcs8" });
  return crypto.subtle.importKey("pkcs8", der, keyAlgorithm, false, ["sign"]);
}
