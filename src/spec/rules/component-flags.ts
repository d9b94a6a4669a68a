import type { Rule, RuleReport } from "./rule.ts";

/** By flag, the field of the cluster file that sets it; "" where Slipway or kubeadm sets it and nothing else may. */
type Owned = Readonly<Record<string, string>>;

const everywhere: Owned = {
  kubeconfig: "",
  "authentication-kubeconfig": "",
  "authorization-kubeconfig": "",
  "leader-elect": "",
  "client-ca-file": "",
  "requestheader-client-ca-file": "",
  "tls-cert-file": "",
  "tls-private-key-file": "",
};

const ofApiServer: Owned = {
  ...everywhere,
  "advertise-address": "the host's address",
  "anonymous-auth": "",
  "audit-log-maxage": "spec.kubernetes.apiServer.audit.maxAgeDays",
  "audit-log-maxbackup": "spec.kubernetes.apiServer.audit.maxBackups",
  "audit-log-maxsize": "spec.kubernetes.apiServer.audit.maxSizeMegabytes",
  "audit-log-path": "",
  "audit-policy-file": "spec.kubernetes.apiServer.audit.policy",
  "authentication-config": "spec.kubernetes.apiServer.oidc",
  "enable-admission-plugins": "spec.kubernetes.apiServer.admissionPlugins",
  "encryption-provider-config": "spec.kubernetes.apiServer.encryption",
  "encryption-provider-config-automatic-reload": "",
  "etcd-cafile": "",
  "etcd-certfile": "",
  "etcd-keyfile": "",
  "etcd-servers": "spec.etcd",
  "event-ttl": "spec.kubernetes.apiServer.eventTTLMinutes",
  "kubelet-certificate-authority": "",
  "kubelet-client-certificate": "",
  "kubelet-client-key": "",
  "max-mutating-requests-inflight": "spec.kubernetes.apiServer.maxMutatingRequestsInflight",
  "max-requests-inflight": "spec.kubernetes.apiServer.maxRequestsInflight",
  "proxy-client-cert-file": "",
  "proxy-client-key-file": "",
  "request-timeout": "spec.kubernetes.apiServer.requestTimeoutSeconds",
  "secure-port": "",
  "service-account-key-file": "",
  "service-account-signing-key-file": "",
  "service-cluster-ip-range": "spec.network.serviceCIDR",
};

const ofControllerManager: Owned = {
  ...everywhere,
  "allocate-node-cidrs": "",
  "cluster-cidr": "spec.network.podCIDR",
  "cluster-name": "metadata.name",
  "cluster-signing-cert-file": "",
  "cluster-signing-key-file": "",
  "node-cidr-mask-size": "spec.network.nodePrefix",
  "node-cidr-mask-size-ipv4": "spec.network.nodePrefix",
  "node-cidr-mask-size-ipv6": "spec.network.nodePrefix",
  "root-ca-file": "",
  "service-account-private-key-file": "",
  "service-cluster-ip-range": "spec.network.serviceCIDR",
  "use-service-account-credentials": "",
};

/** Flags of the control plane that a field of the file sets are set by that field. */
export const componentFlags: Rule = ({ kubernetes }, report) => {
  if (kubernetes === undefined) return;
  const { apiServer, controllerManager, scheduler } = kubernetes;
  check(report, "apiServer", apiServer.extraArgs, ofApiServer);
  check(report, "controllerManager", controllerManager.extraArgs, ofControllerManager);
  check(report, "scheduler", scheduler.extraArgs, everywhere);
};

function check(report: RuleReport, component: string, flags: Readonly<Record<string, unknown>>, owned: Owned): void {
  for (const flag of Object.keys(flags)) {
    const field = flag.startsWith("oidc-")
      ? "spec.kubernetes.apiServer.oidc"
      : Object.hasOwn(owned, flag)
        ? owned[flag]
        : undefined;
    if (field === undefined) continue;
    report.error("config/owned-setting", ["spec", "kubernetes", component, "extraArgs", flag], {
      message: `spec.kubernetes.${component}.extraArgs cannot set ${flag}`,
      because:
        field === ""
          ? "Slipway and kubeadm set it, and other settings depend on it"
          : `${field} sets it, and other settings depend on it`,
      hint: { text: field === "" ? "remove it" : `remove it, and use ${field}` },
    });
  }
}
