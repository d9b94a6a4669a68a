import type { HostLook } from "../../engine/step.ts";
import { etcdPkiDir } from "../../facts/etcd-layout.ts";
import { beginningOf } from "../../facts/not-understood.ts";
import { servedCertificate } from "../../facts/served-certificate.ts";
import { together } from "../../facts/together.ts";
import type { Read } from "../../hosts/port.ts";
import { inspectCertificate } from "../../pki/inspect-certificate.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { Resource } from "../../resources/resource.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";

/** A port of a member, and what it serves beside what it should. */
interface ServedPort {
  readonly port: number;
  /** Why it does not serve the certificate of its file; absent when it does, or nothing can be said. */
  readonly because?: string;
  /** It serves another one than its file holds. */
  readonly isOld: boolean;
}

export const servedKey = "certificates served by etcd";

/** What the client and the peer port of a member serve to a new connection, held against their files. */
export function servedPorts(spec: ClusterSpec, host: HostSpec) {
  const { clientPort, peerPort } = spec.etcd;
  const asking = { certificatePath: `${etcdPkiDir}/client.crt`, keyPath: `${etcdPkiDir}/client.key` };
  const port = (address: string, number: number, path: string) => {
    const served = servedCertificate({ address, port: number, ...asking });
    const content: Read = { kind: "content", path, maxBytes: 64 * 1024 };
    return {
      name: `served ${number}`,
      reads: [...served.reads, content],
      parse: (answers: Parameters<typeof served.parse>[0]): ServedPort => {
        const found = served.parse(answers.slice(0, served.reads.length));
        const pem = beginningOf("served", path, answers[served.reads.length]);
        if (found.state === "no-openssl") return { port: number, isOld: false };
        if (found.state === "silent") return { port: number, isOld: false, because: found.because };
        if (pem !== undefined && fingerprintOf(pem, path) === fingerprintOf(found.pem, `port ${number}`)) {
          return { port: number, isOld: false };
        }
        return { port: number, isOld: true, because: `port ${number} does not serve the certificate in ${path}` };
      },
    };
  };
  return together({
    client: port("127.0.0.1", clientPort, `${etcdPkiDir}/server.crt`),
    peer: port(host.address, peerPort, `${etcdPkiDir}/peer.crt`),
  });
}

/** A process that still serves what its files held before: only a restart changes that. */
export function servedAsInFiles(spec: ClusterSpec, host: HostSpec): Resource {
  const ports = servedPorts(spec, host);
  return {
    key: servedKey,
    reads: ports.reads,
    compare(answers) {
      const { client, peer } = ports.parse(ports.reads.map((read) => answers.of(read)));
      const [first, ...rest] = [client, peer]
        .filter((one) => one.isOld)
        .map(({ port, because = "" }) => {
          return { verb: "update", what: `certificate served on port ${port}`, because } as const;
        });
      return first === undefined ? { state: "same" } : { state: "different", changes: [first, ...rest], make: [] };
    },
  };
}

/**
 * Why a running member does not serve what its files hold, port by port; empty when it does. A port that says nothing
 * counts only with `isSilenceCounted`.
 */
export async function notServed(
  look: HostLook,
  spec: ClusterSpec,
  host: HostSpec,
  isSilenceCounted: boolean,
): Promise<readonly string[]> {
  const { client, peer } = await look.fact(servedPorts(spec, host));
  return [client, peer].flatMap(({ because, isOld }) => (isOld || isSilenceCounted ? (because ?? []) : []));
}

function fingerprintOf(pem: string, where: string): string {
  try {
    return inspectCertificate(pem, where).fingerprint;
  } catch (cause) {
    // What is no certificate is nobody's.
    if (cause instanceof ProblemError) return where;
    throw cause;
  }
}
