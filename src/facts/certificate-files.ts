import { X509Certificate } from "node:crypto";
import type { Fact } from "./fact.ts";
import { notUnderstood, outputOf } from "./not-understood.ts";

/** A certificate in a file of a host. */
export interface CertificateFile {
  readonly path: string;
  /** "CN=etcd-ca", "O=system:masters, CN=admin". */
  readonly subject: string;
  readonly notAfter: Date;
}

/** Every file, line by line, each line behind its path and a colon; folders that do not exist are passed over. */
const argv = ["grep", "-rHs", "--include=*.crt", "-e", "", "--"] as const;
const asked = argv.join(" ");

/** The certificates (files that end with .crt) in some folders of a host and below. Keys are never read. */
export function certificateFiles(folders: readonly string[]): Fact<readonly CertificateFile[]> {
  return {
    name: `certificate-files ${folders.join(" ")}`,
    reads: [{ kind: "run", argv, operands: folders }],
    parse: ([answer]) => {
      // 1: no such file, 2: no such folder.
      const lines = outputOf("certificate-files", asked, answer, [0, 1, 2]).split("\n");
      const texts = new Map<string, string[]>();
      for (const line of lines) {
        const found = /^(\/.*?\.crt):(.*)$/.exec(line);
        if (found?.[1] === undefined || found[2] === undefined) continue;
        texts.set(found[1], [...(texts.get(found[1]) ?? []), found[2]]);
      }
      return [...texts].flatMap(([path, own]) =>
        [...own.join("\n").matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)].map(([pem]) => {
          const certificate = parsed(pem);
          if (certificate === undefined) {
            throw notUnderstood("certificate-files", asked, answer, `${path} does not hold a certificate`);
          }
          const subject = (certificate.subject ?? "").split("\n").join(", ");
          return { path, subject, notAfter: certificate.validToDate };
        }),
      );
    },
  };
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    // OpenSSL says why in its own words; that it is no certificate is all there is to know.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
