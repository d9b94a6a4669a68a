import { isIPv6 } from "node:net";
import { apiServerPort, type ClusterSpec, type HostSpec } from "../../spec/cluster-spec.ts";
import { managedHeader } from "../managed-header.ts";
import { haproxyAdminSocket } from "./layout.ts";

/**
 * What the installed HAProxy understands. "1.8": RHEL 8 and its kin, without log targets in the standard output,
 * conditional blocks and the Prometheus exporter. "2.4": everything newer that is supported.
 */
export type HaproxyDialect = "1.8" | "2.4";

/** The backend of the API servers, by the name the runtime socket and the metrics know it. */
export const apiBackend = "kubernetes-api";

/** The backend behind one passed-through port. */
export function passthroughBackend(port: number): string {
  return `ingress-${port}`;
}

/** A server of a backend, as the file declares it and the running process reports it. */
export interface BackendServer {
  readonly backend: string;
  readonly name: string;
  /** "10.0.0.11:6443"; IPv6 addresses without brackets, as HAProxy reports them. */
  readonly address: string;
}

/** All servers the running HAProxy has to have. */
export function backendServers(spec: ClusterSpec): readonly BackendServer[] {
  const servers = (backend: string, hosts: readonly HostSpec[], port: number) =>
    hosts.map((host) => ({ backend, name: host.name, address: `${host.address}:${port}` }));
  return [
    ...servers(apiBackend, hostsWith(spec, "control-plane"), apiServerPort),
    ...spec.loadBalancer.passthrough.flatMap(({ port, nodePort }) =>
      servers(passthroughBackend(port), hostsWith(spec, "worker"), nodePort),
    ),
  ];
}

/** haproxy.cfg of a load-balancer host; the same on all of them. */
export function haproxyConfig(spec: ClusterSpec, dialect: HaproxyDialect): string {
  return `${[
    header,
    global(spec, dialect),
    defaults(spec),
    status(spec, dialect),
    api(spec),
    ...spec.loadBalancer.passthrough.map(({ port }) => passthrough(spec, port)),
  ].join("\n\n")}\n`;
}

const header = managedHeader("the way to the API servers").trimEnd();

function global(spec: ClusterSpec, dialect: HaproxyDialect): string {
  return section("global", [
    dialect === "1.8" ? "log /dev/log local0 notice" : "log stdout format short daemon notice",
    "user haproxy",
    "group haproxy",
    // The 1.8 logger needs /dev/log, which is outside a chroot.
    ...(dialect === "1.8" ? [] : ["chroot /var/lib/haproxy"]),
    // Whoever may write to it takes servers out: root and nobody else, not HAProxy's own account either.
    `stats socket ${haproxyAdminSocket} user root group root mode 600 level admin expose-fd listeners`,
    `maxconn ${maxConnections(spec)}`,
    // Watches keep a replaced worker process alive; API clients reconnect, so it may end them.
    "hard-stop-after 10m",
  ]);
}

/** Connections kept per host, generously: kubelet, proxy, network and storage agents, twice during a failover. */
const connectionsPerHost = 8;
const fewestConnections = 4096;

/** Each connection costs two file descriptors; 4096 stays under a hard limit of 20,000 with room for checks. */
function maxConnections(spec: ClusterSpec): number {
  return Math.max(fewestConnections, spec.hosts.length * connectionsPerHost);
}

function defaults(spec: ClusterSpec): string {
  return section("defaults", [
    "log global",
    "mode tcp",
    `maxconn ${maxConnections(spec)}`,
    "option dontlognull",
    "option dontlog-normal",
    // A refused connection goes to another server at once, and one that nobody accepts after half a second: a host may have
    // lost power, and the checks, which wait as long for theirs, take two to see it.
    "retries 5",
    "option redispatch 1",
    "timeout connect 500ms",
    // For the answer to a check. An API server under load is slow, and taking it out would leave its load to the others,
    // one after the other; kubeadm's own probes wait 15 s.
    "timeout check 10s",
    "timeout queue 10s",
    "timeout client 60s",
    "timeout server 60s",
    "timeout client-fin 30s",
    // Quiet exec, attach and port-forward streams live as long as the kubelet lets them:
    // streamingConnectionIdleTimeout, 4 h. https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ (2026-11-21)
    "timeout tunnel 4h",
  ]);
}

function status(spec: ClusterSpec, dialect: HaproxyDialect): string {
  return section("frontend status", [
    "mode http",
    `bind 127.0.0.1:${spec.loadBalancer.statsPort}`,
    "no log",
    "# Answers 200 while at least one API server is ready and 503 otherwise; Keepalived reads both.",
    "monitor-uri /readyz",
    `monitor fail if { nbsrv(${apiBackend}) lt 1 }`,
    ...(dialect === "1.8" ? [] : prometheus),
    "stats enable",
    "stats uri /",
    "stats refresh 5s",
    "stats show-legends",
  ]);
}

const prometheus = [
  ".if feature(PROMEX)",
  "http-request use-service prometheus-exporter if { path /metrics }",
  ".endif",
];

const apiServerChecks = "inter 1s fastinter 500ms downinter 2s fall 2 rise 2 slowstart 20s";

function api(spec: ClusterSpec): string {
  const frontend = section(`frontend ${apiBackend}`, [
    `bind ${everyAddress(spec)}:${spec.endpoint.port}`,
    "option tcplog",
    "option clitcpka",
    `default_backend ${apiBackend}`,
  ]);
  const backend = section(`backend ${apiBackend}`, [
    "balance leastconn",
    "# /readyz is asked over TLS. The servers' certificates are not verified by the check: it carries no credentials,",
    "# and clients verify the API server end to end.",
    "option httpchk GET /readyz",
    "http-check expect status 200",
    "option srvtcpka",
    "# What a host has not acknowledged for 3 s (tcp-ut) it will not: a check that was under way when it lost power ends too.",
    `default-server ${apiServerChecks} tcp-ut 3s on-marked-down shutdown-sessions`,
    ...serverLines(spec, apiBackend, "check check-ssl verify none"),
  ]);
  return `${frontend}\n\n${backend}`;
}

function passthrough(spec: ClusterSpec, port: number): string {
  const name = passthroughBackend(port);
  const frontend = section(`frontend ${name}`, [
    `bind ${everyAddress(spec)}:${port}`,
    "option tcplog",
    "option clitcpka",
    `default_backend ${name}`,
  ]);
  const backend = section(`backend ${name}`, [
    "balance leastconn",
    "option srvtcpka",
    "default-server inter 2s fastinter 1s downinter 2s fall 2 rise 2 on-marked-down shutdown-sessions",
    ...serverLines(spec, name, "check"),
  ]);
  return `${frontend}\n\n${backend}`;
}

function serverLines(spec: ClusterSpec, backend: string, options: string): readonly string[] {
  return backendServers(spec)
    .filter((server) => server.backend === backend)
    .map((server) => `server ${server.name} ${server.address} ${options}`);
}

/**
 * Every address of the host, so that HAProxy is running and checking servers before the VIP arrives, and no
 * ip_nonlocal_bind is needed.
 */
function everyAddress(spec: ClusterSpec): string {
  const { endpoint } = spec;
  const address = endpoint.kind === "external" ? "" : endpoint.address;
  return isIPv6(address) ? "::" : "*";
}

function section(name: string, lines: readonly string[]): string {
  const indented = lines.map((line) => (line.startsWith(".") ? line : `    ${line}`));
  return [name, ...indented].join("\n");
}

export function hostsWith(spec: ClusterSpec, role: HostSpec["roles"][number]): readonly HostSpec[] {
  return spec.hosts.filter((host) => host.roles.includes(role));
}
