import type { Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";

/** Where a certificate is served, as seen from the host that is asked, and who asks. */
export interface ServedPlace {
  readonly address: string;
  readonly port: number;
  /** Certificate and key of the client, for servers that want one. */
  readonly certificatePath: string;
  readonly keyPath: string;
}

/** What a port serves now, whatever its files hold: the leaf in PEM. "silent": no TLS server answers there. */
export type ServedCertificate =
  | { readonly state: "served"; readonly pem: string }
  | { readonly state: "silent"; readonly because: string }
  | { readonly state: "no-openssl" };

/** A server that has not begun to serve takes the connection and says nothing. */
const timeoutMs = 3000;

/** The certificate a TLS port of a host serves to a new connection. */
export function servedCertificate(place: ServedPlace): Fact<ServedCertificate> {
  const { address, port, certificatePath, keyPath } = place;
  const target = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  const argv = ["openssl", "s_client", "-connect", target, "-cert", certificatePath, "-key", keyPath];
  const reads: readonly Read[] = [{ kind: "run", argv, timeoutMs }];
  return {
    name: `served-certificate ${target}`,
    reads,
    parse([answer]) {
      const result = commandOf("served-certificate", "openssl s_client", answer);
      if (result.exitCode === 127) return { state: "no-openssl" };
      const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(result.stdout.toString("utf8"));
      if (pem !== null) return { state: "served", pem: `${pem[0]}\n` };
      if (result.exitCode === 0) {
        throw notUnderstood("served-certificate", "openssl s_client", answer, "there is no certificate in it");
      }
      // What `timeout` ends with: its own code, after SIGKILL, and busybox's after SIGTERM.
      if ([124, 137, 143].includes(result.exitCode)) {
        return { state: "silent", because: `no TLS server has answered at ${target} within ${timeoutMs / 1000} s` };
      }
      const [last] = result.stderr.toString("utf8").trim().split("\n").slice(-1);
      return { state: "silent", because: `no TLS server answers at ${target}${last ? ` (${last})` : ""}` };
    },
  };
}
