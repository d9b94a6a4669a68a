import { createHash } from "node:crypto";
import { flannelImages } from "../../artifacts/network-plugin-images.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { NetworkPluginSpec, NetworkSpec } from "../../spec/cluster-spec.ts";

type FlannelSpec = Extract<NetworkPluginSpec, { kind: "flannel" }>;

const namespace = "kube-flannel";
const configurationName = "kube-flannel-cfg";
const labels = { tier: "node", app: "flannel" };
const partLabels = { "k8s-app": "flannel" };
const rbac = "rbac.authorization.k8s.io/v1";

/**
 * Flannel as its own manifest has it (https://github.com/flannel-io/flannel/blob/v0.28.8/Documentation/kube-flannel.yml,
 * 2026-11-21), with the cluster's addresses and backend. Its pods are replaced when the configuration changes, and stay on
 * nodes that are being emptied.
 */
export function flannelObjects(network: NetworkSpec, plugin: FlannelSpec): readonly KubeObject[] {
  const files = { "cni-conf.json": cniConfiguration, "net-conf.json": netConfiguration(network, plugin) };
  const digest = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
  const account = { name: "flannel", namespace };
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace, labels: { ...partLabels, "pod-security.kubernetes.io/enforce": "privileged" } },
    },
    {
      apiVersion: rbac,
      kind: "ClusterRole",
      metadata: { name: "flannel", labels: partLabels },
      rules: [
        { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
        { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] },
        { apiGroups: [""], resources: ["nodes/status"], verbs: ["patch"] },
      ],
    },
    {
      apiVersion: rbac,
      kind: "ClusterRoleBinding",
      metadata: { name: "flannel", labels: partLabels },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "flannel" },
      subjects: [{ kind: "ServiceAccount", ...account }],
    },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { ...account, labels: partLabels } },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: configurationName, namespace, labels: { ...labels, ...partLabels } },
      data: files,
    },
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "kube-flannel-ds", namespace, labels: { ...labels, ...partLabels } },
      spec: {
        selector: { matchLabels: { app: "flannel" } },
        template: {
          metadata: { labels, annotations: { "slipway.dev/configuration": digest } },
          spec: podSpec(plugin),
        },
      },
    },
  ];
}

const cniConfiguration = `${JSON.stringify(
  {
    name: "cbr0",
    cniVersion: "0.3.1",
    plugins: [
      { type: "flannel", delegate: { hairpinMode: true, isDefaultGateway: true } },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  },
  undefined,
  2,
)}\n`;

/** https://github.com/flannel-io/flannel/blob/v0.28.8/Documentation/configuration.md (2026-11-21) */
function netConfiguration({ podCidr }: NetworkSpec, { backend }: FlannelSpec): string {
  const range = podCidr.includes(":")
    ? { EnableIPv4: false, EnableIPv6: true, IPv6Network: podCidr }
    : { Network: podCidr };
  const configuration = { ...range, EnableNFTables: false, Backend: { Type: backend } };
  return `${JSON.stringify(configuration, undefined, 2)}\n`;
}

function podSpec(plugin: FlannelSpec): Readonly<Record<string, unknown>> {
  const images = flannelImages(plugin.version);
  const configuration = { name: "flannel-cfg", mountPath: "/etc/kube-flannel/" };
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  return {
    hostNetwork: true,
    priorityClassName: "system-node-critical",
    serviceAccountName: "flannel",
    nodeSelector: { "kubernetes.io/os": "linux" },
    tolerations: [{ operator: "Exists" }],
    initContainers: [
      {
        name: "install-cni-plugin",
        image: images.cniPlugin,
        command: ["cp"],
        args: ["-f", "/flannel", "/opt/cni/bin/flannel"],
        volumeMounts: [{ name: "cni-plugin", mountPath: "/opt/cni/bin" }],
      },
      {
        name: "install-cni",
        image: images.daemon,
        command: ["/opt/bin/install-conf"],
        args: ["/etc/kube-flannel/cni-conf.json", "/etc/cni/net.d/10-flannel.conflist"],
        volumeMounts: [{ name: "cni", mountPath: "/etc/cni/net.d" }, configuration],
      },
    ],
    containers: [
      {
        name: "kube-flannel",
        image: images.daemon,
        command: ["/opt/bin/flanneld"],
        args: ["--ip-masq", "--kube-subnet-mgr"],
        resources: { requests: { cpu: "100m", memory: "50Mi" } },
        securityContext: { privileged: false, capabilities: { add: ["NET_ADMIN", "NET_RAW"] } },
        env: [
          field("POD_NAME", "metadata.name"),
          field("POD_NAMESPACE", "metadata.namespace"),
          { name: "EVENT_QUEUE_DEPTH", value: "5000" },
          { name: "CONT_WHEN_CACHE_NOT_READY", value: "false" },
        ],
        volumeMounts: [
          { name: "run", mountPath: "/run/flannel" },
          configuration,
          { name: "xtables-lock", mountPath: "/run/xtables.lock" },
        ],
      },
    ],
    volumes: [
      { name: "run", hostPath: { path: "/run/flannel" } },
      { name: "cni-plugin", hostPath: { path: "/opt/cni/bin" } },
      { name: "cni", hostPath: { path: "/etc/cni/net.d" } },
      { name: "flannel-cfg", configMap: { name: configurationName } },
      { name: "xtables-lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } },
    ],
  };
}
