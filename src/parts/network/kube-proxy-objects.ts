import { createHash } from "node:crypto";
import { kubernetesImages } from "../../artifacts/kubernetes-images.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneEndpoint } from "../control-plane/cluster-configuration.ts";
import { kubernetesYaml } from "../kubernetes-yaml.ts";
import type { KubeProxySetup } from "./kube-proxy-mode.ts";

const name = "kube-proxy";
const namespace = "kube-system";
const labels = { "k8s-app": name };
const folder = "/var/lib/kube-proxy";
const serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * kube-proxy on every node, under the names kubeadm gives it (cmd/kubeadm/app/phases/addons/proxy/manifests.go of
 * Kubernetes 1.36.2); none where it is not wanted. Its pods are replaced when its configuration changes.
 */
export function kubeProxyObjects(spec: ClusterSpec, setup: KubeProxySetup): readonly KubeObject[] {
  if (setup.mode === "none") return [];
  const metadata = { name, namespace };
  const files = { "kubeconfig.conf": kubeconfig(spec), "config.conf": configuration(spec, setup) };
  const digest = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "kubeadm:node-proxier" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:node-proxier" },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata: { ...metadata, labels: { app: name } }, data: files },
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { ...metadata, labels },
      spec: {
        selector: { matchLabels: labels },
        updateStrategy: { type: "RollingUpdate" },
        template: {
          metadata: { labels, annotations: { "slipway.dev/configuration": digest } },
          spec: podSpec(spec),
        },
      },
    },
  ];
}

function podSpec(spec: ClusterSpec): Readonly<Record<string, unknown>> {
  return {
    priorityClassName: "system-node-critical",
    serviceAccountName: name,
    hostNetwork: true,
    nodeSelector: { "kubernetes.io/os": "linux" },
    tolerations: [{ operator: "Exists" }],
    containers: [
      {
        name,
        image: kubernetesImages(spec).kubeProxy,
        imagePullPolicy: "IfNotPresent",
        command: ["/usr/local/bin/kube-proxy", `--config=${folder}/config.conf`, "--hostname-override=$(NODE_NAME)"],
        env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
        securityContext: { privileged: true },
        volumeMounts: [
          { name, mountPath: folder },
          { name: "xtables-lock", mountPath: "/run/xtables.lock" },
          { name: "lib-modules", mountPath: "/lib/modules", readOnly: true },
        ],
      },
    ],
    volumes: [
      { name, configMap: { name } },
      { name: "xtables-lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } },
      { name: "lib-modules", hostPath: { path: "/lib/modules" } },
    ],
  };
}

/** https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/ (2026-11-21) */
function configuration(spec: ClusterSpec, { mode, setsConntrackMaximum }: KubeProxySetup): string {
  return kubernetesYaml({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    bindAddress: spec.network.podCidr.includes(":") ? "::" : "0.0.0.0",
    clientConnection: { kubeconfig: `${folder}/kubeconfig.conf` },
    clusterCIDR: spec.network.podCidr,
    ...(setsConntrackMaximum ? {} : { conntrack: { maxPerCore: 0 } }),
    mode,
  });
}

function kubeconfig(spec: ClusterSpec): string {
  return kubernetesYaml({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "default",
        cluster: {
          "certificate-authority": `${serviceAccountFolder}/ca.crt`,
          server: `https://${controlPlaneEndpoint(spec)}`,
        },
      },
    ],
    contexts: [{ name: "default", context: { cluster: "default", namespace: "default", user: "default" } }],
    "current-context": "default",
    users: [{ name: "default", user: { tokenFile: `${serviceAccountFolder}/token` } }],
  });
}
