import { kubernetesYaml } from "../kubernetes-yaml.ts";

/** Asked all the time, by probes, load balancers and clients that look for versions; they tell nobody anything. */
const unremarkableUrls = ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*", "/metrics"];

/**
 * Slipway's own audit policy. The first rule that matches decides. Who did what is kept for every change; bodies never
 * for what holds credentials; nothing for what the components do all the time by themselves.
 * https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/ and the policy of GCE's cluster/gce/gci/configure-helper.sh
 * (2026-11-21)
 */
const policy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  // One line per request, when it is answered.
  omitStages: ["RequestReceived"],
  omitManagedFields: true,
  rules: [
    { level: "None", nonResourceURLs: unremarkableUrls },
    // Leases are renewed every few seconds by every node and every controller.
    { level: "None", resources: [{ group: "coordination.k8s.io", resources: ["leases"] }] },
    {
      level: "None",
      resources: [
        { group: "", resources: ["events"] },
        { group: "events.k8s.io", resources: ["events"] },
      ],
    },
    // Bodies would hold credentials, or whole configurations.
    {
      level: "Metadata",
      resources: [
        { group: "", resources: ["secrets", "configmaps", "serviceaccounts/token"] },
        { group: "authentication.k8s.io", resources: ["tokenreviews"] },
        { group: "certificates.k8s.io", resources: ["certificatesigningrequests"] },
      ],
    },
    // What components watch and read all the time for their own work.
    {
      level: "None",
      users: ["system:kube-proxy"],
      verbs: ["watch", "list"],
      resources: [
        { group: "", resources: ["endpoints", "services", "services/status", "nodes"] },
        { group: "discovery.k8s.io", resources: ["endpointslices"] },
      ],
    },
    {
      level: "None",
      userGroups: ["system:nodes"],
      verbs: ["get", "list", "watch"],
      resources: [{ group: "", resources: ["nodes", "nodes/status", "pods", "services"] }],
    },
    {
      level: "None",
      users: ["system:kube-controller-manager", "system:kube-scheduler", "system:apiserver"],
      verbs: ["get", "list", "watch"],
    },
    {
      level: "None",
      userGroups: ["system:serviceaccounts:kube-system"],
      verbs: ["get", "list", "watch"],
      resources: [
        { group: "" },
        { group: "apps" },
        { group: "discovery.k8s.io" },
        { group: "batch" },
        { group: "policy" },
      ],
    },
    // Status reports of kubelets: who and when, once per change.
    {
      level: "Metadata",
      userGroups: ["system:nodes"],
      verbs: ["update", "patch"],
      resources: [{ group: "", resources: ["nodes/status", "pods/status"] }],
    },
    // Somebody inside a container.
    {
      level: "Request",
      resources: [
        {
          group: "",
          resources: ["pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy", "nodes/proxy"],
        },
      ],
    },
    { level: "Metadata", verbs: ["get", "list", "watch"] },
    { level: "Request", verbs: ["create", "update", "patch", "delete", "deletecollection"] },
    { level: "Metadata" },
  ],
};

/** The text of the audit policy: the user's own, or Slipway's. */
export function auditPolicy(own: string | undefined): string {
  return own ?? kubernetesYaml(policy);
}
