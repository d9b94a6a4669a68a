import { randomBytes } from "node:crypto";
import { Secret } from "../hosts/secret.ts";
import { x509Library } from "./x509-library.ts";

/** A certificate (PEM, public) and its private key (PKCS #8 PEM). */
export interface KeyPair {
  readonly certificate: string;
  readonly key: Secret;
}

/**
 * ECDSA over P-256 with SHA-256: what kubeadm offers beside RSA-2048, and about ten times cheaper to sign with.
 * https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/ encryptionAlgorithm (2026-11-21)
 */
export const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Certificates start this much in the past, so that a host whose clock is a little behind takes them at once. */
export const backdatedMs = 5 * 60_000;

const dayMs = 24 * 3600_000;
/** Ten years, as kubeadm gives its authorities: `CertificateAuthorityValidityPeriod`, kubeadm-config.v1beta4. */
const authorityDays = 3650;

/** Makes a new self-signed authority. It may sign leaf certificates only (path length 0). */
export async function createAuthority(commonName: string, now: Date): Promise<KeyPair> {
  const {
    AuthorityKeyIdentifierExtension,
    BasicConstraintsExtension,
    KeyUsageFlags,
    KeyUsagesExtension,
    SubjectKeyIdentifierExtension,
    X509CertificateGenerator,
  } = await x509Library();
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name: [{ CN: [commonName] }],
    notBefore: new Date(now.getTime() - backdatedMs),
    notAfter: new Date(now.getTime() + authorityDays * dayMs),
    keys,
    signingAlgorithm: keyAlgorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, key: await exportKey(keys.privateKey) };
}

/** Positive and 127 bits of chance: RFC 5280 §4.1.2.2 allows 20 octets and wants them unique. */
export function newSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

/** PKCS #8 PEM of a private key. */
export async function exportKey(key: CryptoKey): Promise<Secret> {
  const body = Buffer.from(await crypto.subtle.exportKey("pkcs8", key)).toString("base64");
  const lines = body.match(/.{1,64}/g) ?? [];
  return new Secret(`-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`);
}
