import { file } from "../../resources/file.ts";
import type { Resource } from "../../resources/resource.ts";
import { managedHeader } from "../managed-header.ts";
import { kubeletUnitFiles, programFolder } from "./artifacts-layout.ts";

/**
 * kubelet.service and kubeadm's drop-in as the official packages have them, for programs in another folder, and after
 * containerd: a kubelet that is there first ends, and is started again 10 s later.
 * https://github.com/kubernetes/release/tree/master/cmd/krel/templates/latest (2026-11-21)
 */
export function kubeletUnit(): readonly Resource[] {
  const [unit, dropIn] = kubeletUnitFiles;
  return [file({ path: unit, content: unitText }), file({ path: dropIn, content: dropInText })];
}

const unitText = `${managedHeader("kubelet as its official package starts it")}[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target containerd.service

[Service]
ExecStart=${programFolder}/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`;

// kubeadm writes kubeadm-flags.env; the other file is for the administrator, as a last resort.
const dropInText = `${managedHeader("kubelet as kubeadm sets it up")}[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
EnvironmentFile=-/etc/sysconfig/kubelet
ExecStart=
ExecStart=${programFolder}/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;
