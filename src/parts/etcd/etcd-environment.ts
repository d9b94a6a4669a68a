import { etcdUrl } from "../../cluster/etcd-status.ts";
import { etcdPkiDir } from "../../facts/etcd-layout.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { managedHeader } from "../managed-header.ts";

/**
 * Forward secrecy and authenticated encryption only. TLS 1.3 chooses its own.
 * https://etcd.io/docs/v3.6/op-guide/security/#notes-for-tls-authentication (2026-11-21)
 */
const cipherSuites = [
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
];

/**
 * What is true of a member for its life, as environment variables: every option of etcd 3.4 to 3.6 is one, a variable
 * that a version does not know is only warned about, and a second file can add what a birth needs. (With a configuration
 * file etcd ignores the environment.)
 */
export function etcdEnvironment(spec: ClusterSpec, host: HostSpec): string {
  const { etcd } = spec;
  const client = etcdUrl(host.address, etcd.clientPort);
  const peer = etcdUrl(host.address, etcd.peerPort);
  const variables: readonly (readonly [string, string | number])[] = [
    ["NAME", host.name],
    ["DATA_DIR", etcd.dataDir],
    ...(etcd.walDir === undefined ? [] : [["WAL_DIR", etcd.walDir] as const]),
    ["LISTEN_PEER_URLS", peer],
    ["LISTEN_CLIENT_URLS", `${etcdUrl("127.0.0.1", etcd.clientPort)},${client}`],
    ["LISTEN_METRICS_URLS", `http://127.0.0.1:${etcd.metricsPort}`],
    ["ADVERTISE_CLIENT_URLS", client],
    ["INITIAL_ADVERTISE_PEER_URLS", peer],
    // Without it an empty disk would make a new cluster of one: etcd's default is "new", with itself as the cluster.
    ["INITIAL_CLUSTER_STATE", "existing"],
    ["STRICT_RECONFIG_CHECK", "true"],
    ["CERT_FILE", `${etcdPkiDir}/server.crt`],
    ["KEY_FILE", `${etcdPkiDir}/server.key`],
    ["TRUSTED_CA_FILE", `${etcdPkiDir}/ca.crt`],
    ["CLIENT_CERT_AUTH", "true"],
    ["PEER_CERT_FILE", `${etcdPkiDir}/peer.crt`],
    ["PEER_KEY_FILE", `${etcdPkiDir}/peer.key`],
    ["PEER_TRUSTED_CA_FILE", `${etcdPkiDir}/ca.crt`],
    ["PEER_CLIENT_CERT_AUTH", "true"],
    ["CIPHER_SUITES", cipherSuites.join(",")],
    ["HEARTBEAT_INTERVAL", etcd.heartbeatMs],
    ["ELECTION_TIMEOUT", etcd.electionMs],
    ["SNAPSHOT_COUNT", etcd.snapshotCount],
    ["QUOTA_BACKEND_BYTES", etcd.quotaBackendBytes],
    ["AUTO_COMPACTION_MODE", etcd.autoCompaction.mode],
    ["AUTO_COMPACTION_RETENTION", etcd.autoCompaction.retention],
    // Off by default in 3.4: a member that was cut off would force an election when it comes back.
    ["PRE_VOTE", "true"],
    ["EXPERIMENTAL_INITIAL_CORRUPT_CHECK", "true"],
    ["LOGGER", "zap"],
    ["LOG_OUTPUTS", "stderr"],
  ];
  const lines = variables.map(([name, value]) => `ETCD_${name}=${value}\n`);
  return `${managedHeader(`etcd member ${host.name}`)}${lines.join("")}`;
}

/** What a member needs to be born: who the others are, and whether the cluster is. */
export interface EtcdBirth {
  readonly state: "new" | "existing";
  /** Name to peer URL of every member, itself included. */
  readonly members: ReadonlyMap<string, string>;
  /** Tells clusters apart that are made from the same names and addresses. */
  readonly token: string;
}

/** The same text on every host of a bootstrap. */
export function etcdBootstrap(birth: EtcdBirth): string {
  const cluster = [...birth.members].map(([name, url]) => `${name}=${url}`).join(",");
  return `${managedHeader("the first start of an etcd member; removed once it has data")}ETCD_INITIAL_CLUSTER=${cluster}
ETCD_INITIAL_CLUSTER_STATE=${birth.state}
ETCD_INITIAL_CLUSTER_TOKEN=${birth.token}
`;
}
