import type { Answer, FileStat, Missing, Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { beginningOf } from "./not-understood.ts";
import { pathStat } from "./path-stat.ts";

/** A certificate and its key on a host. The key itself never leaves the host: its public half is compared. */
export interface CertificateOnHost {
  readonly certificate: FileStat | Missing;
  /** Undefined when there is no file. */
  readonly pem?: string;
  readonly key: FileStat | Missing;
  /** SPKI PEM; "" when the key cannot be read as one; "no-openssl" when there is no openssl to ask. */
  readonly publicKey: string;
}

/** What is at two paths that ought to hold a certificate and its private key. */
export function certificateOnHost(certificatePath: string, keyPath: string): Fact<CertificateOnHost> {
  const reads: readonly Read[] = [
    { kind: "stat", path: certificatePath },
    { kind: "content", path: certificatePath, maxBytes: 64 * 1024 },
    { kind: "stat", path: keyPath },
    // An empty pass phrase: without one openssl would ask for it where the key is encrypted.
    { kind: "run", argv: ["openssl", "pkey", "-in", keyPath, "-passin", "pass:", "-pubout"] },
  ];
  return {
    name: `certificate ${certificatePath}`,
    reads,
    parse([certificate, content, key, derived]) {
      const pem = beginningOf("certificate", certificatePath, content);
      return {
        certificate: pathStat(certificatePath, certificate),
        ...(pem === undefined ? {} : { pem }),
        key: pathStat(keyPath, key),
        publicKey: publicKeyOf(derived),
      };
    },
  };
}

function publicKeyOf(answer: Answer | undefined): string {
  if (answer?.kind !== "result") return "";
  if (answer.exitCode === 127) return "no-openssl";
  return answer.exitCode === 0 ? answer.stdout.toString("utf8") : "";
}
