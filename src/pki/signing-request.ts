import { canonicalAddress } from "./inspect-certificate.ts";
import { x509Library } from "./x509-library.ts";

/** What a certificate signing request (PKCS #10) asks for. */
export interface SigningRequestFacts {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Attributes of the subject that are neither CN nor O: "OU=ops". */
  readonly otherAttributes: readonly string[];
  readonly dnsNames: readonly string[];
  /** As short as IPv6 can be written. */
  readonly ipAddresses: readonly string[];
  /** Names of other kinds: "email:ann@example.com", "url:spiffe://...". */
  readonly otherNames: readonly string[];
  /** Whoever asks has the private key. */
  readonly isSigned: boolean;
}

/** Reads the first request of a PEM text; a sentence that says why where there is none. */
export async function inspectSigningRequest(pem: string): Promise<SigningRequestFacts | string> {
  const x509 = await x509Library();
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    const subject = request.subjectName.toJSON().flatMap((part) => Object.entries(part));
    const values = (name: string) => subject.flatMap(([key, all]) => (key === name ? all : []));
    const names = request.extensions.flatMap((one) =>
      one instanceof x509.SubjectAlternativeNameExtension ? one.names.items : [],
    );
    const named = (type: string) => names.flatMap((one) => (one.type === type ? [one.value] : []));
    return {
      commonName: values("CN").join(", "),
      organizations: values("O"),
      otherAttributes: subject.flatMap(([key, all]) =>
        key === "CN" || key === "O" ? [] : all.map((value) => `${key}=${value}`),
      ),
      dnsNames: named("dns"),
      ipAddresses: named("ip").map(canonicalAddress),
      otherNames: names.flatMap((one) =>
        one.type === "dns" || one.type === "ip" ? [] : [`${one.type}:${String(one.value)}`],
      ),
      isSigned: await request.verify(),
    };
  } catch (cause) {
    if (cause instanceof Error) return `it is not a certificate signing request: ${cause.message}`;
    throw cause;
  }
}
