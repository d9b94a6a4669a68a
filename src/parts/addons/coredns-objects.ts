import { kubernetesImages } from "../../artifacts/kubernetes-images.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { clusterDnsAddress } from "../../spec/dns-addresses.ts";
import { nodeHosts } from "../../spec/hosts-by-role.ts";
import { systemNamespace } from "./addons-layout.ts";

const labels = { "k8s-app": "kube-dns" };
const name = "coredns";

/**
 * kubeadm's own, cmd/kubeadm/app/phases/addons/dns/manifests.go of Kubernetes 1.36.2, and prefer_udp: what NodeLocal
 * DNSCache asks over TCP would be asked of the host's resolver over TCP too, and one that accepts such connections without
 * an answer is tried again without a pause, for 5 s per query, which kept half a processor busy (seen on 2026-11-21).
 * https://coredns.io/plugins/forward/ (2026-11-21)
 */
function corefile(dnsDomain: string): string {
  return `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes ${dnsDomain} in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
       prefer_udp
    }
    cache 30 {
       disable success ${dnsDomain}
       disable denial ${dnsDomain}
    }
    loop
    reload
    loadbalance
}
`;
}

/**
 * The cluster's DNS under the names kubeadm gives it, with what kubeadm leaves out: replicas on different nodes and in
 * different zones, and a budget for drains.
 */
export function coreDnsObjects(spec: ClusterSpec): readonly KubeObject[] {
  const { replicas } = spec.addons.dns;
  const metadata = { name, namespace: systemNamespace };
  const subject = { kind: "ServiceAccount", name, namespace: systemNamespace };
  const role = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:coredns" };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: role.name },
      rules: [
        { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: ["list", "watch"] },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: role.name },
      roleRef: role,
      subjects: [subject],
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata,
      data: { Corefile: corefile(spec.network.dnsDomain) },
    },
    service(spec),
    deployment(spec, replicas),
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    },
  ];
}

function service(spec: ClusterSpec): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: "kube-dns",
      namespace: systemNamespace,
      labels: { ...labels, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" },
      annotations: { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
    },
    spec: {
      clusterIP: clusterDnsAddress(spec),
      ports: [
        { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
        { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
        { name: "metrics", port: 9153, protocol: "TCP", targetPort: 9153 },
      ],
      selector: labels,
    },
  };
}

function deployment(spec: ClusterSpec, replicas: number): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: systemNamespace, labels },
    spec: {
      replicas,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          priorityClassName: "system-cluster-critical",
          serviceAccountName: name,
          topologySpreadConstraints: spread(spec, replicas),
          tolerations: [
            { key: "CriticalAddonsOnly", operator: "Exists" },
            { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
          ],
          nodeSelector: { "kubernetes.io/os": "linux" },
          containers: [container(spec)],
          dnsPolicy: "Default",
          volumes: [{ name: "config-volume", configMap: { name, items: [{ key: "Corefile", path: "Corefile" }] } }],
        },
      },
    },
  };
}

/**
 * One node must not hold two replicas while another has none: a must only where there are more nodes than replicas, so
 * that the loss of a node leaves a place for each. Nodes that are not ready yet count, or the first one that is would get
 * all replicas.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ (2026-11-21)
 */
function spread(spec: ClusterSpec, replicas: number): readonly unknown[] {
  const candidates = nodeHosts(spec);
  const common = { maxSkew: 1, labelSelector: { matchLabels: labels }, matchLabelKeys: ["pod-template-hash"] };
  return [
    {
      ...common,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: candidates.length > replicas ? "DoNotSchedule" : "ScheduleAnyway",
    },
    { ...common, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway" },
  ];
}

function container(spec: ClusterSpec): Readonly<Record<string, unknown>> {
  return {
    name,
    image: kubernetesImages(spec).coreDns,
    imagePullPolicy: "IfNotPresent",
    resources: { limits: { memory: "170Mi" }, requests: { cpu: "100m", memory: "70Mi" } },
    args: ["-conf", "/etc/coredns/Corefile"],
    volumeMounts: [{ name: "config-volume", mountPath: "/etc/coredns", readOnly: true }],
    ports: [
      { containerPort: 53, name: "dns", protocol: "UDP" },
      { containerPort: 53, name: "dns-tcp", protocol: "TCP" },
      { containerPort: 9153, name: "metrics", protocol: "TCP" },
      { containerPort: 8080, name: "liveness-probe", protocol: "TCP" },
      { containerPort: 8181, name: "readiness-probe", protocol: "TCP" },
    ],
    livenessProbe: {
      httpGet: { path: "/health", port: "liveness-probe", scheme: "HTTP" },
      initialDelaySeconds: 60,
      timeoutSeconds: 5,
      successThreshold: 1,
      failureThreshold: 5,
    },
    readinessProbe: { httpGet: { path: "/ready", port: "readiness-probe", scheme: "HTTP" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
      readOnlyRootFilesystem: true,
    },
  };
}
