import { createHash } from "node:crypto";
import { kubernetesImages } from "../../artifacts/kubernetes-images.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { clusterDnsAddress, nodeLocalDnsAddress } from "../../spec/dns-addresses.ts";
import { systemNamespace } from "./addons-layout.ts";

const name = "node-local-dns";
const labels = { "k8s-app": name };

/** Health of the cache, on the address pods ask it at. */
const healthPort = 8080;
/** CoreDNS's own metrics, on every address of the node. */
const metricsPort = 9253;

/**
 * NodeLocal DNSCache: a cache on every node, at an address only the node itself leads to. kubelet gives pods that address,
 * so the cache serves with every mode of kube-proxy; the official manifest (cluster/addons/dns/nodelocaldns of Kubernetes
 * 1.36.2) takes the DNS Service's own address over, which works with iptables alone. Packets to a local address are not
 * translated, so nothing has to be kept from connection tracking, and no iptables is needed.
 */
export function nodeLocalDnsObjects(spec: ClusterSpec): readonly KubeObject[] {
  if (!spec.addons.dns.nodeLocal) return [];
  const metadata = { name, namespace: systemNamespace };
  const corefile = corefileOf(spec);
  const digest = createHash("sha256").update(corefile).digest("hex").slice(0, 16);
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { Corefile: corefile } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        ...metadata,
        labels,
        annotations: { "prometheus.io/port": String(metricsPort), "prometheus.io/scrape": "true" },
      },
      spec: {
        clusterIP: "None",
        ports: [{ name: "metrics", port: metricsPort, targetPort: metricsPort }],
        selector: labels,
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { ...metadata, labels },
      spec: {
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
        selector: { matchLabels: labels },
        template: {
          metadata: { labels, annotations: { "slipway.dev/configuration": digest } },
          spec: podSpec(spec),
        },
      },
    },
  ];
}

function podSpec(spec: ClusterSpec): Readonly<Record<string, unknown>> {
  const address = nodeLocalDnsAddress(spec);
  return {
    priorityClassName: "system-node-critical",
    serviceAccountName: name,
    automountServiceAccountToken: false,
    hostNetwork: true,
    dnsPolicy: "Default",
    nodeSelector: { "kubernetes.io/os": "linux" },
    tolerations: [{ operator: "Exists" }],
    containers: [
      {
        name: "node-cache",
        image: kubernetesImages(spec).nodeCache,
        imagePullPolicy: "IfNotPresent",
        resources: { requests: { cpu: "25m", memory: "5Mi" } },
        args: [
          "-localip",
          address,
          "-conf",
          "/etc/Corefile",
          // The address goes to the loopback interface, which is there on every kernel, and stays while the pod is
          // replaced.
          "-interfacename",
          "lo",
          "-skipteardown",
          "-setupiptables=false",
        ],
        securityContext: { capabilities: { add: ["NET_ADMIN"] } },
        ports: [
          { containerPort: 53, name: "dns", protocol: "UDP" },
          { containerPort: 53, name: "dns-tcp", protocol: "TCP" },
          { containerPort: metricsPort, name: "metrics", protocol: "TCP" },
        ],
        livenessProbe: {
          httpGet: { host: address, path: "/health", port: healthPort },
          initialDelaySeconds: 60,
          timeoutSeconds: 5,
        },
        readinessProbe: { httpGet: { host: address, path: "/health", port: healthPort }, periodSeconds: 5 },
        volumeMounts: [{ name: "config-volume", mountPath: "/etc/coredns" }],
      },
    ],
    volumes: [
      {
        name: "config-volume",
        configMap: { name, items: [{ key: "Corefile", path: "Corefile.base" }] },
      },
    ],
  };
}

function corefileOf(spec: ClusterSpec): string {
  const address = nodeLocalDnsAddress(spec);
  const toCluster = `    forward . ${clusterDnsAddress(spec)} {
        force_tcp
    }
`;
  const zone = (domain: string, cache: string, rest: string) => `${domain}:53 {
    errors
    ${cache}
    reload
    loop
    bind ${address}
${rest}    prometheus :${metricsPort}
}
`;
  const health = address.includes(":") ? `[${address}]` : address;
  const own = "cache {\n        success 9984 30\n        denial 9984 5\n    }";
  return [
    zone(spec.network.dnsDomain, own, `${toCluster}    health ${health}:${healthPort}\n`),
    zone("in-addr.arpa", "cache 30", toCluster),
    zone("ip6.arpa", "cache 30", toCluster),
    zone(".", "cache 30", "    forward . /etc/resolv.conf\n"),
  ].join("");
}
