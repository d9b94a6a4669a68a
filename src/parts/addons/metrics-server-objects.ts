import { kubernetesImages } from "../../artifacts/kubernetes-images.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { systemNamespace } from "./addons-layout.ts";

const name = "metrics-server";
const labels = { "k8s-app": name };
const rbac = "rbac.authorization.k8s.io/v1";

/**
 * metrics-server as its release 0.8.0 has it
 * (https://github.com/kubernetes-sigs/metrics-server/tree/v0.8.0/manifests, 2026-11-21). It checks the kubelets' serving
 * certificates against the cluster's authority, which has signed them; `--kubelet-insecure-tls` is not there.
 */
export function metricsServerObjects(spec: ClusterSpec): readonly KubeObject[] {
  if (!spec.addons.metricsServer) return [];
  const metadata = { name, namespace: systemNamespace, labels };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    ...accessObjects(),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: {
        ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: "https", appProtocol: "https" }],
        selector: labels,
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0 } },
        template: { metadata: { labels }, spec: podSpec(spec) },
      },
    },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1beta1.metrics.k8s.io", labels },
      spec: {
        service: { name, namespace: systemNamespace },
        group: "metrics.k8s.io",
        version: "v1beta1",
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  ];
}

function accessObjects(): readonly KubeObject[] {
  const subjects = [{ kind: "ServiceAccount", name, namespace: systemNamespace }];
  const roleRef = (kind: string, role: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind, name: role });
  const aggregated = ["view", "edit", "admin"].map((role) => [
    `rbac.authorization.k8s.io/aggregate-to-${role}`,
    "true",
  ]);
  return [
    {
      apiVersion: rbac,
      kind: "ClusterRole",
      metadata: { name: "system:aggregated-metrics-reader", labels: { ...labels, ...Object.fromEntries(aggregated) } },
      rules: [{ apiGroups: ["metrics.k8s.io"], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] }],
    },
    {
      apiVersion: rbac,
      kind: "ClusterRole",
      metadata: { name: `system:${name}`, labels },
      rules: [
        { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
        { apiGroups: [""], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] },
      ],
    },
    {
      apiVersion: rbac,
      kind: "RoleBinding",
      metadata: { name: `${name}-auth-reader`, namespace: systemNamespace, labels },
      roleRef: roleRef("Role", "extension-apiserver-authentication-reader"),
      subjects,
    },
    {
      apiVersion: rbac,
      kind: "ClusterRoleBinding",
      metadata: { name: `${name}:system:auth-delegator`, labels },
      roleRef: roleRef("ClusterRole", "system:auth-delegator"),
      subjects,
    },
    {
      apiVersion: rbac,
      kind: "ClusterRoleBinding",
      metadata: { name: `system:${name}`, labels },
      roleRef: roleRef("ClusterRole", `system:${name}`),
      subjects,
    },
  ];
}

function podSpec(spec: ClusterSpec): Readonly<Record<string, unknown>> {
  const probe = (path: string) => ({ httpGet: { path, port: "https", scheme: "HTTPS" }, periodSeconds: 10 });
  return {
    serviceAccountName: name,
    priorityClassName: "system-cluster-critical",
    nodeSelector: { "kubernetes.io/os": "linux" },
    containers: [
      {
        name,
        image: kubernetesImages(spec).metricsServer,
        imagePullPolicy: "IfNotPresent",
        args: [
          "--cert-dir=/tmp",
          "--secure-port=10250",
          "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
          "--kubelet-use-node-status-port",
          "--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
          "--metric-resolution=15s",
        ],
        resources: { requests: { cpu: "100m", memory: "200Mi" } },
        ports: [{ name: "https", containerPort: 10250, protocol: "TCP" }],
        readinessProbe: { ...probe("/readyz"), failureThreshold: 3, initialDelaySeconds: 20 },
        livenessProbe: { ...probe("/livez"), failureThreshold: 3 },
        securityContext: {
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          runAsUser: 1000,
          allowPrivilegeEscalation: false,
          seccompProfile: { type: "RuntimeDefault" },
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [{ name: "tmp-dir", mountPath: "/tmp" }],
      },
    ],
    volumes: [{ name: "tmp-dir", emptyDir: {} }],
  };
}
