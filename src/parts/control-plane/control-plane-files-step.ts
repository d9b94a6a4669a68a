import { kubeClient } from "../../cluster/kube/kube-access.ts";
import type { HostLook, HostStep, StepId } from "../../engine/step.ts";
import type { Secret } from "../../hosts/secret.ts";
import { absent } from "../../resources/absent.ts";
import { directory } from "../../resources/directory.ts";
import { file } from "../../resources/file.ts";
import { fileAccess } from "../../resources/file-access.ts";
import type { Inspection } from "../../resources/inspection.ts";
import type { Resource } from "../../resources/resource.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import type { CertificateFile } from "../etcd/etcd-certificates.ts";
import { lookedUpStateStep } from "../looked-up-state.ts";
import { auditPolicy } from "./audit-policy.ts";
import { authenticationConfiguration } from "./authentication-configuration.ts";
import { controlPlaneSettingChanged } from "./control-plane-fixed-settings.ts";
import {
  apiServerFolder,
  auditLogFolder,
  auditPolicyPath,
  authenticationPath,
  controlPlaneAuthorityStepId,
  controlPlaneStepId,
  encryptionPath,
  joinConfigPath,
  kubeadmConfigPath,
  kubernetesFolder,
  pkiFolder,
  slipwayFolder,
} from "./control-plane-layout.ts";
import { encryptionConfiguration } from "./encryption-configuration.ts";
import { encryptionNarrowed } from "./encryption-fixed-settings.ts";
import { readEncryptionKeys } from "./encryption-keys.ts";
import { issuedCertificate } from "./issued-certificate.ts";
import { joinConfig, kubeadmConfig } from "./kubeadm-config.ts";
import { kubeadmPatches } from "./kubeadm-patches.ts";
import { clusterAuthority, pkiFiles, readAuthority } from "./kubernetes-authorities.ts";

/** Who Slipway is towards the API server; kubeadm binds the group to cluster-admin. */
export const slipwayClient: CertificateFile = {
  certificatePath: kubeClient.certificatePath,
  keyPath: kubeClient.keyPath,
  owner: "root",
  request: {
    commonName: "slipway",
    organizations: ["kubeadm:cluster-admins"],
    dnsNames: [],
    ipAddresses: [],
    usages: ["client"],
  },
};

/**
 * What a control plane host is given before kubeadm runs there: authorities, configuration, and what the API server reads.
 * kube-apiserver loads authentication and encryption anew by itself; what it does not, the roll step sees to.
 */
export function controlPlaneFilesStep(
  spec: ClusterSpec,
  host: HostSpec,
  after: readonly StepId[],
): HostStep<Inspection> {
  const inner = lookedUpStateStep(
    {
      id: controlPlaneStepId("files", host.name),
      title: `Give ${host.name} what its control plane is made from`,
      phase: "control-plane",
      on: host.name,
      after: [controlPlaneAuthorityStepId, ...after],
    },
    async (at) => {
      const [pki, authority, configuration, patches] = await Promise.all([
        pkiResources(at, spec),
        readAuthority(at, clusterAuthority),
        apiServerResources(at, spec),
        kubeadmPatches(at, spec, host),
      ]);
      return [
        ...[slipwayFolder, apiServerFolder, auditLogFolder].map((path) => directory({ path, mode: 0o700 })),
        directory({ path: pkiFolder }),
        ...pki,
        issuedCertificate(slipwayClient, authority, at.now()),
        file({ path: kubeadmConfigPath, content: kubeadmConfig(spec, host), mode: 0o600 }),
        file({ path: joinConfigPath, content: joinConfig(host), mode: 0o600 }),
        ...patches,
        ...configuration,
        ...filesOfKubeadm(spec).map((path) => fileAccess({ path, mode: 0o600 })),
      ];
    },
  );
  return {
    ...inner,
    async check(look) {
      const [moved, narrowed, check] = await Promise.all([
        controlPlaneSettingChanged(look, spec, host.name),
        encryptionNarrowed(look, spec, host.name),
        inner.check(look),
      ]);
      const problem = moved ?? narrowed;
      return problem === undefined ? check : { state: "refused", problem };
    },
  };
}

/** What kubeadm writes for itself that gives away who has it. */
function filesOfKubeadm(spec: ClusterSpec): readonly string[] {
  const kubeconfigs = ["admin", "controller-manager", "scheduler", "kubelet"];
  const keys = ["apiserver", "apiserver-kubelet-client", "front-proxy-client"];
  const ofEtcd = ["apiserver-etcd-client", "etcd/server", "etcd/peer", "etcd/healthcheck-client"];
  return [
    ...kubeconfigs.map((name) => `${kubernetesFolder}/${name}.conf`),
    ...[...keys, ...(spec.etcd.topology === "stacked" ? ofEtcd : [])].map((name) => `${pkiFolder}/${name}.key`),
  ];
}

async function pkiResources(at: Pick<HostLook, "vault">, spec: ClusterSpec): Promise<readonly Resource[]> {
  return await Promise.all(
    pkiFiles(spec).map(async ({ path, name, secret }) => {
      const value = await at.vault.read(name);
      if (value === undefined) return awaited(path, `${name} is not made yet`);
      const content = secret ? value : value.reveal().toString("utf8");
      return file({ path, content, mode: secret ? 0o600 : 0o644 });
    }),
  );
}

async function apiServerResources(at: Pick<HostLook, "vault">, spec: ClusterSpec): Promise<readonly Resource[]> {
  const { apiServer } = spec.kubernetes;
  const { audit, encryption } = apiServer;
  const keys = await readEncryptionKeys(at);
  const needsKey = encryption.provider === "secretbox" || encryption.provider === "aesgcm";
  const configuration: Secret | undefined = encryptionConfiguration(encryption, keys);
  return [
    file({ path: authenticationPath, content: authenticationConfiguration(apiServer), mode: 0o600 }),
    audit.enabled
      ? file({ path: auditPolicyPath, content: auditPolicy(audit.policy), mode: 0o600 })
      : absent(auditPolicyPath),
    needsKey && keys.length === 0
      ? awaited(encryptionPath, "its key is not made yet")
      : configuration === undefined
        ? absent(encryptionPath)
        : file({ path: encryptionPath, content: configuration, mode: 0o600 }),
  ];
}

function awaited(path: string, because: string): Resource {
  return {
    key: `file ${path}`,
    reads: [],
    compare: () => ({ state: "unknown", until: controlPlaneAuthorityStepId, because }),
  };
}
