import type { ClusterSpec } from "../spec/cluster-spec.ts";
import { componentVersions } from "./component-versions.ts";

/** References of the images of Kubernetes itself and of its standard add-ons. */
export interface KubernetesImages {
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  readonly kubeScheduler: string;
  readonly kubeProxy: string;
  readonly etcd: string;
  readonly coreDns: string;
  /** What kubeadm looks for before it starts; the sandbox image containerd uses is `runtime.pauseImage`. */
  readonly pause: string;
  readonly nodeCache: string;
  readonly metricsServer: string;
}

/** Registry of kubeadm's defaults. */
const officialRepository = "registry.k8s.io";

/**
 * The images as `kubeadm config images list` names them for a repository, which has CoreDNS in a folder of its own in the
 * official registry only (cmd/kubeadm/app/images/images.go at v1.36.2); the add-ons follow the official registry's
 * folders everywhere.
 */
export function kubernetesImages({ kubernetes }: Pick<ClusterSpec, "kubernetes">): KubernetesImages {
  const { imageRepository: repository, version } = kubernetes;
  const tags = componentVersions(version);
  const own = (name: string) => `${repository}/${name}:v${version}`;
  const dns = repository === officialRepository ? `${repository}/coredns` : repository;
  return {
    kubeApiserver: own("kube-apiserver"),
    kubeControllerManager: own("kube-controller-manager"),
    kubeScheduler: own("kube-scheduler"),
    kubeProxy: own("kube-proxy"),
    etcd: `${repository}/etcd:${tags.etcd}`,
    coreDns: `${dns}/coredns:${tags.coreDns}`,
    pause: `${repository}/pause:${tags.pause}`,
    nodeCache: `${repository}/dns/k8s-dns-node-cache:${tags.nodeCache}`,
    metricsServer: `${repository}/metrics-server/metrics-server:${tags.metricsServer}`,
  };
}
