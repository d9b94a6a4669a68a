import type { Fact } from "../../facts/fact.ts";
import { fileAmong, linesOfFiles } from "../../facts/lines-of-files.ts";
import { textOf } from "../../facts/not-understood.ts";
import { pathStat } from "../../facts/path-stat.ts";
import type { Read } from "../../hosts/port.ts";
import {
  adminKubeconfigPath,
  birthMarkPath,
  encryptionPath,
  kubeletCertificatePath,
  kubeletKubeconfigPath,
  manifestsFolder,
  pkiFolder,
} from "./control-plane-layout.ts";

/** How far kubeadm has come on a host, by the mark Slipway sets before and after it. */
export type Birth = "none" | "init-started" | "init-done" | "join-started" | "join-done";

/** What tells of a cluster on a host. */
export interface ControlPlaneTraces {
  readonly birth: Birth;
  /** The API server's static pod has been written. */
  readonly apiServer: boolean;
  /** The key of the cluster's authority lies there. */
  readonly authority: boolean;
  /** The API server has been given keys for encryption at rest. */
  readonly encryption: boolean;
  /** The kubelet was told of a cluster; it writes its kubeconfig before it has an identity there. */
  readonly kubelet: boolean;
  /** The kubelet has its client certificate. */
  readonly identity: boolean;
  /** kubeadm has written the administrator's kubeconfig. */
  readonly admin: boolean;
}

const paths = [
  `${manifestsFolder}/kube-apiserver.yaml`,
  `${pkiFolder}/ca.key`,
  encryptionPath,
  kubeletKubeconfigPath,
  kubeletCertificatePath,
  adminKubeconfigPath,
] as const;
const births: readonly Birth[] = ["init-started", "init-done", "join-started", "join-done"];

/** Traces of a cluster on a host, whoever made it. */
export const controlPlaneTraces: Fact<ControlPlaneTraces> = {
  name: "control-plane-traces",
  reads: [linesOfFiles([birthMarkPath]), ...paths.map((path): Read => ({ kind: "stat", path }))],
  parse([mark, ...answers]) {
    const file = fileAmong("control-plane-traces", birthMarkPath, mark);
    const text = textOf("control-plane-traces", birthMarkPath, file)?.trim();
    const [apiServer, authority, encryption, kubelet, identity, admin] = paths.map((path, index) => {
      return pathStat(path, answers[index]).exists;
    });
    return {
      // A mark nobody understands says at least that there is something.
      birth: text === undefined ? "none" : (births.find((one) => one === text) ?? "join-started"),
      apiServer: apiServer === true,
      authority: authority === true,
      encryption: encryption === true,
      kubelet: kubelet === true,
      identity: identity === true,
      admin: admin === true,
    };
  },
};
