import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { Step } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { objectsStep } from "../kubernetes-objects/objects-step.ts";
import { bootstrapGroup } from "./bootstrap-token.ts";
import { controlPlaneAccessStepId, controlPlaneServingStepId } from "./control-plane-layout.ts";

const rbac = "rbac.authorization.k8s.io/v1";

/**
 * Who may join and stay: what `kubeadm init` makes in its bootstrap-token phase, less the token and less the reading of
 * kube-public without credentials. The names are kubeadm's, so that its upgrades find them.
 * cmd/kubeadm/app/phases/bootstraptoken/node/tlsbootstrap.go of Kubernetes 1.36
 */
export function controlPlaneAccessStep(spec: ClusterSpec): Step {
  return objectsStep(spec, {
    id: controlPlaneAccessStepId,
    title: "Let hosts with a bootstrap token become nodes",
    phase: "control-plane",
    after: [controlPlaneServingStepId],
    part: "control-plane-access",
    objects: accessObjects,
  });
}

const accessObjects: readonly KubeObject[] = [
  {
    apiVersion: rbac,
    kind: "ClusterRole",
    metadata: { name: "kubeadm:get-nodes" },
    rules: [{ verbs: ["get"], apiGroups: [""], resources: ["nodes"] }],
  },
  binding("kubeadm:get-nodes", "kubeadm:get-nodes", group(bootstrapGroup)),
  binding("kubeadm:kubelet-bootstrap", "system:node-bootstrapper", group(bootstrapGroup)),
  binding(
    "kubeadm:node-autoapprove-bootstrap",
    "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
    group(bootstrapGroup),
  ),
  binding(
    "kubeadm:node-autoapprove-certificate-rotation",
    "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
    group("system:nodes"),
  ),
  binding("kubeadm:apiserver-kubelet-client", "system:kubelet-api-admin", {
    kind: "User",
    name: "kube-apiserver-kubelet-client",
  }),
];

interface Subject {
  readonly kind: "User" | "Group";
  readonly name: string;
}

function binding(name: string, role: string, subject: Subject): KubeObject {
  return {
    apiVersion: rbac,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ ...subject, apiGroup: "rbac.authorization.k8s.io" }],
  };
}

function group(name: string): Subject {
  return { kind: "Group", name };
}
