import { createPrivateKey, X509Certificate } from "node:crypto";
import { dirname, join } from "node:path";

/** Whether a file of a machine holds a certificate. */
export function isCertificateFile(path: string): boolean {
  return path.endsWith(".crt");
}

/**
 * What a certificate is, without what differs from one issue to the next: subject, names, usages, whole days of life,
 * whether its key is beside it and fits, whether the authority beside it (or in etcd/ below) has signed it.
 */
export function describeCertificates(path: string, text: string, files: ReadonlyMap<string, string>): string {
  const certificate = new X509Certificate(text);
  const keyText = files.get(path.replace(/\.crt$/, ".key"));
  const key = keyText === undefined ? "no key" : certificate.checkPrivateKey(createPrivateKey(keyText));
  const days = Math.round((certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / 86_400_000);
  return [
    certificate.subject.replaceAll("\n", ","),
    certificate.subjectAltName ?? "no names",
    (certificate.keyUsage ?? []).join(","),
    certificate.ca ? "authority" : `${days} days`,
    `key fits: ${key}`,
    `signed by its authority: ${isSigned(certificate, path, files)}`,
  ].join("; ");
}

function isSigned(certificate: X509Certificate, path: string, files: ReadonlyMap<string, string>): boolean {
  const folder = dirname(path);
  const authority = files.get(join(folder, "ca.crt")) ?? files.get(join(folder, "etcd", "ca.crt"));
  return authority !== undefined && certificate.verify(new X509Certificate(authority).publicKey);
}
