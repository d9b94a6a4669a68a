import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import {
  apiServerFolder,
  auditLogFolder,
  auditPolicyPath,
  authenticationPath,
  encryptionPath,
  pkiFolder,
} from "./control-plane-layout.ts";

/** A flag of a component, as kubeadm takes it. */
export interface Argument {
  readonly name: string;
  readonly value: string;
}

/** A folder or socket of the host in a component's pod. */
export interface HostVolume {
  readonly name: string;
  readonly hostPath: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
  readonly pathType: "DirectoryOrCreate" | "Directory";
}

type Arguments = Readonly<Record<string, string>>;

/**
 * TLS 1.2 with forward secrecy and authenticated encryption only (RFC 9325 §4.2); TLS 1.3 has no choice of suites in Go.
 */
const tls: Arguments = {
  "tls-min-version": "VersionTLS12",
  "tls-cipher-suites": [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
  ].join(","),
};

/**
 * How long an API server that is to stop goes on serving after its /readyz says no. Slipway's HAProxy asks every second
 * and needs two answers; of somebody else's load balancer longer intervals have to be expected. Both are far below the
 * 30 s after which the kubelet kills the process.
 *
 * Without --shutdown-send-retry-after: with it, every client that is left is answered 429 and sent away for 5 s, where
 * HTTP/2 connections otherwise end with a GOAWAY nobody notices and HTTP/1.1 ones are closed between two requests.
 * withRetryAfter() in staging/src/k8s.io/apiserver/pkg/server/filters/with_retry_after.go of Kubernetes 1.36.2
 */
const shutdownDelay = { own: "5s", external: "15s" } as const;

/**
 * After that, watches are told to go elsewhere within this time. Without it they are waited for, and cut by the kubelet in
 * the end: a restart took 96 s instead of 6 s (measured on one control plane, 2026-11-21).
 */
const watchesEndWithin = "10s";

/** One HTTP/2 client in a thousand requests is told to connect anew, so that load spreads after a restart. */
const goawayChance = "0.001";

/** Every flag of kube-apiserver beyond kubeadm's own; the cluster file's `extraArgs` win. */
export function apiServerArguments(spec: ClusterSpec): readonly Argument[] {
  const { apiServer } = spec.kubernetes;
  const { audit, encryption } = apiServer;
  const isBalanced = controlPlaneHosts(spec).length > 1;
  const auditing: Arguments = {
    "audit-policy-file": auditPolicyPath,
    "audit-log-path": `${auditLogFolder}/audit.log`,
    "audit-log-maxage": String(audit.maxAgeDays),
    "audit-log-maxbackup": String(audit.maxBackups),
    "audit-log-maxsize": String(audit.maxSizeMegabytes),
  };
  return merged(apiServer.extraArgs, {
    "authentication-config": authenticationPath,
    "enable-admission-plugins": [...new Set(["NodeRestriction", ...apiServer.admissionPlugins])].join(","),
    ...(audit.enabled ? auditing : {}),
    ...(encryption.provider === "none"
      ? {}
      : {
          "encryption-provider-config": encryptionPath,
          "encryption-provider-config-automatic-reload": "true",
        }),
    "event-ttl": `${apiServer.eventTtlMinutes}m0s`,
    // Kubelets serve with certificates of the cluster's authority: their logs and shells go to nobody else.
    "kubelet-certificate-authority": `${pkiFolder}/ca.crt`,
    "max-mutating-requests-inflight": String(apiServer.maxMutatingRequestsInflight),
    "max-requests-inflight": String(apiServer.maxRequestsInflight),
    profiling: "false",
    "request-timeout": `${apiServer.requestTimeoutSeconds}s`,
    "shutdown-delay-duration": spec.endpoint.kind === "external" ? shutdownDelay.external : shutdownDelay.own,
    "shutdown-watch-termination-grace-period": watchesEndWithin,
    ...(isBalanced ? { "goaway-chance": goawayChance } : {}),
    ...tls,
  });
}

/** What of the host kube-apiserver sees beyond kubeadm's own mounts. */
export function apiServerVolumes(spec: ClusterSpec): readonly HostVolume[] {
  const { audit, encryption } = spec.kubernetes.apiServer;
  const folder = (name: string, path: string, more: Pick<HostVolume, "readOnly" | "pathType">): HostVolume => ({
    name,
    hostPath: path,
    mountPath: path,
    ...more,
  });
  const socketFolder = encryption.provider === "kms" ? /^unix:\/\/(\/.+)\/[^/]+$/.exec(encryption.endpoint)?.[1] : "";
  return [
    folder("slipway", apiServerFolder, { readOnly: true, pathType: "DirectoryOrCreate" }),
    ...(audit.enabled
      ? [folder("audit-log", auditLogFolder, { readOnly: false, pathType: "DirectoryOrCreate" as const })]
      : []),
    ...(socketFolder === undefined || socketFolder === ""
      ? []
      : [folder("kms", socketFolder, { readOnly: false, pathType: "DirectoryOrCreate" as const })]),
  ];
}

/** Flags of kube-controller-manager beyond kubeadm's own. */
export function controllerManagerArguments(spec: ClusterSpec): readonly Argument[] {
  return merged(spec.kubernetes.controllerManager.extraArgs, {
    "node-cidr-mask-size": String(spec.network.nodePrefix),
    profiling: "false",
    ...tls,
  });
}

/** Flags of kube-scheduler beyond kubeadm's own. */
export function schedulerArguments(spec: ClusterSpec): readonly Argument[] {
  return merged(spec.kubernetes.scheduler.extraArgs, { profiling: "false", ...tls });
}

/** Flags of the etcd member kubeadm runs beside each API server. */
export function stackedEtcdArguments(spec: ClusterSpec): readonly Argument[] {
  const { etcd } = spec;
  return merged(
    {},
    {
      "auto-compaction-mode": etcd.autoCompaction.mode,
      "auto-compaction-retention": etcd.autoCompaction.retention,
      "election-timeout": String(etcd.electionMs),
      "heartbeat-interval": String(etcd.heartbeatMs),
      "listen-metrics-urls": `http://127.0.0.1:${etcd.metricsPort}`,
      "quota-backend-bytes": String(etcd.quotaBackendBytes),
      "snapshot-count": String(etcd.snapshotCount),
      ...(etcd.walDir === undefined ? {} : { "wal-dir": etcd.walDir }),
    },
  );
}

/** Sorted by name, so that a plan shows no difference where there is none. */
function merged(own: Arguments, ours: Arguments): readonly Argument[] {
  return Object.entries({ ...ours, ...own })
    .map(([name, value]) => ({ name, value }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}
