import type { ProblemCode } from "../problem.ts";

/** Codes of the Kubernetes cluster itself: its API, nodes, network and add-ons. */
export const kubernetesCodes: Readonly<Record<ProblemCode, string>> = {
  "kubernetes/api-refused": "The API server understood a request and refused it; its own reason is given.",
  "kubernetes/api-server-not-ready": "An API server does not answer /readyz as it should; what of it fails is named.",
  "kubernetes/api-unable":
    "API servers answer, and none can carry out what it is asked: starting, overloaded, or without etcd.",
  "kubernetes/api-silent": "There is a cluster and none of its API servers answers.",
  "kubernetes/authority-foreign":
    "The vault has another authority than the control planes live by. Run with the state folder of this cluster.",
  "kubernetes/authority-missing":
    "The vault lacks an authority or key that a control plane on the hosts was made with. Use the state folder the cluster was made with.",
  "kubernetes/control-plane-at-risk":
    "The step would stop the last API server that serves, or cost stacked etcd its quorum. Bring the others back first.",
  "kubernetes/encryption-key-needed":
    "Something in etcd is still encrypted with the key that was to be dropped. Run the rotation again.",
  "kubernetes/encryption-keys-not-understood":
    "The vault's entry of encryption keys is damaged. Bring the state folder back from its backup.",
  "kubernetes/fixed-setting-changed":
    "The cluster file changes something a living cluster keeps for its life, like its pod or service range. Set it back.",
  "kubernetes/foreign-cluster":
    "A host has a kubelet or a control plane that Slipway has not made. Undo it there with kubeadm reset if it is not needed.",
  "kubernetes/initialised-elsewhere":
    "An interrupted run has begun to make the cluster on another host than the first of the cluster file.",
  "kubernetes/no-authority":
    "The state folder has no authority of a Kubernetes cluster, so no client certificate can be made.",
  "kubernetes/no-encryption-key": "Secrets are not encrypted with a key of Slipway's, so there is none to rotate.",
  "kubernetes/node-cordoned": "A node takes no new pods: somebody, or a drain that did not end well, has cordoned it.",
  "kubernetes/node-not-ready": "A node is not Ready; its kubelet's or the cluster's reason is given.",
  "kubernetes/reply-too-long": "One reply of the API server is too long to be read through a command's output.",
  "kubernetes/strange-certificate-request":
    "A node waits for a serving certificate, and what it asks for is not its own name and address.",
  "kubernetes/wildcard-not-rotated":
    "A rotation writes resources anew by their names; wildcards among the encrypted resources have to be spelled out.",
  "kubernetes/workload-not-ready": "A Deployment or DaemonSet of the system has too few ready pods.",
};
