import { isIPv6 } from "node:net";
import { etcdHosts } from "../../cluster/etcd-places.ts";
import { etcdUrl } from "../../cluster/etcd-status.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { apiServerCertificates } from "../etcd/etcd-certificates.ts";
import {
  apiServerArguments,
  apiServerVolumes,
  controllerManagerArguments,
  schedulerArguments,
  stackedEtcdArguments,
} from "./control-plane-arguments.ts";

export const kubeadmApi = "kubeadm.k8s.io/v1beta4";

/** Host and port every node and every control plane component but the API server itself reaches the API by. */
export function controlPlaneEndpoint(spec: ClusterSpec): string {
  const { endpoint } = spec;
  // An address where there is one: nodes then work without DNS. Names go into the certificate all the same.
  const host = endpoint.kind === "external" ? (endpoint.address ?? endpoint.name) : endpoint.address;
  return isIPv6(host) ? `[${host}]:${endpoint.port}` : `${host}:${endpoint.port}`;
}

/**
 * Names and addresses in the API server's certificate beyond those kubeadm puts there by itself: the node's own name and
 * address, the endpoint, and the Service. The other control planes are not among them: one more of them must not mean new
 * certificates everywhere.
 */
export function certificateNames(spec: ClusterSpec): readonly string[] {
  const { endpoint } = spec;
  const ofEndpoint = [endpoint.name, endpoint.address].filter((one) => one !== undefined);
  return [...new Set([...ofEndpoint, "localhost", "127.0.0.1", "::1", ...spec.kubernetes.apiServer.extraSans])].sort();
}

/** kubeadm's ClusterConfiguration, the same on all hosts and in the kubeadm-config ConfigMap. */
export function clusterConfiguration(spec: ClusterSpec): Readonly<Record<string, unknown>> {
  const { kubernetes, network } = spec;
  return {
    apiVersion: kubeadmApi,
    kind: "ClusterConfiguration",
    clusterName: spec.name,
    kubernetesVersion: `v${kubernetes.version}`,
    controlPlaneEndpoint: controlPlaneEndpoint(spec),
    imageRepository: kubernetes.imageRepository,
    encryptionAlgorithm: "ECDSA-P256",
    certificateValidityPeriod: `${kubernetes.certificateValidityDays * 24}h0m0s`,
    networking: {
      podSubnet: network.podCidr,
      serviceSubnet: network.serviceCidr,
      dnsDomain: network.dnsDomain,
    },
    etcd: etcdOf(spec),
    apiServer: {
      certSANs: certificateNames(spec),
      extraArgs: apiServerArguments(spec),
      extraVolumes: apiServerVolumes(spec),
    },
    controllerManager: { extraArgs: controllerManagerArguments(spec) },
    scheduler: { extraArgs: schedulerArguments(spec) },
    // Both are Slipway's objects, so that their drift is seen and their settings can change.
    dns: { disabled: true },
    proxy: { disabled: true },
  };
}

function etcdOf(spec: ClusterSpec): Readonly<Record<string, unknown>> {
  if (spec.etcd.topology === "stacked") {
    return { local: { dataDir: spec.etcd.dataDir, extraArgs: stackedEtcdArguments(spec) } };
  }
  const [file] = apiServerCertificates.files;
  if (file === undefined) throw new Error("the API server has a certificate for external etcd");
  return {
    external: {
      endpoints: etcdHosts(spec).map((host) => etcdUrl(host.address, spec.etcd.clientPort)),
      caFile: apiServerCertificates.authorityPath,
      certFile: file.certificatePath,
      keyFile: file.keyPath,
    },
  };
}
