import type { HostStep, Step, StepId } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import { directory } from "../../resources/directory.ts";
import { file } from "../../resources/file.ts";
import { fileAccess } from "../../resources/file-access.ts";
import type { Inspection } from "../../resources/inspection.ts";
import type { Resource } from "../../resources/resource.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { workerHosts } from "../../spec/hosts-by-role.ts";
import {
  bootstrapTokensStepId,
  controlPlaneAuthorityStepId,
  controlPlaneConfigStepId,
  joinConfigPath,
  kubeletKubeconfigPath,
  pkiFolder,
  slipwayFolder,
} from "../control-plane/control-plane-layout.ts";
import { joinStep } from "../control-plane/join-step.ts";
import { joinConfig } from "../control-plane/kubeadm-config.ts";
import { kubeadmPatches } from "../control-plane/kubeadm-patches.ts";
import { clusterAuthority, readAuthority } from "../control-plane/kubernetes-authorities.ts";
import { lookedUpStateStep } from "../looked-up-state.ts";

/** "worker.join/w-1". */
export function workerStepId(kind: "files" | "join", host: HostName): StepId {
  return `worker.${kind}/${host}` as StepId;
}

/** Workers, all at once. `prepared` are the steps after which a host has its programs, images and container runtime. */
export function workerSteps(spec: ClusterSpec, prepared: (host: HostName) => readonly StepId[]): Step[] {
  return workerHosts(spec).flatMap((host) => [
    workerFilesStep(spec, host, prepared(host.name)),
    joinStep(spec, host, {
      id: workerStepId("join", host.name),
      title: `Join ${host.name} to the cluster`,
      phase: "workers",
      after: [controlPlaneConfigStepId, bootstrapTokensStepId, workerStepId("files", host.name)],
    }),
  ]);
}

function workerFilesStep(spec: ClusterSpec, host: HostSpec, after: readonly StepId[]): HostStep<Inspection> {
  return lookedUpStateStep(
    {
      id: workerStepId("files", host.name),
      title: `Give ${host.name} what it joins with`,
      phase: "workers",
      on: host.name,
      after: [controlPlaneAuthorityStepId, ...after],
    },
    async (at): Promise<readonly Resource[]> => {
      const [authority, patches] = await Promise.all([
        readAuthority(at, clusterAuthority),
        kubeadmPatches(at, spec, host),
      ]);
      const path = clusterAuthority.certificatePath;
      const awaited: Resource = {
        key: `file ${path}`,
        reads: [],
        compare: () => ({
          state: "unknown",
          until: controlPlaneAuthorityStepId,
          because: "the cluster's authority is not made yet",
        }),
      };
      return [
        directory({ path: slipwayFolder, mode: 0o700 }),
        directory({ path: pkiFolder }),
        authority === undefined ? awaited : file({ path, content: authority.certificate }),
        file({ path: joinConfigPath, content: joinConfig(host), mode: 0o600 }),
        ...patches,
        fileAccess({ path: kubeletKubeconfigPath, mode: 0o600 }),
      ];
    },
  );
}
