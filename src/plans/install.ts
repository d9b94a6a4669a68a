import type { Step } from "../engine/step.ts";
import { addonsStepIds, addonsSteps } from "../parts/addons/addons-steps.ts";
import { artifactSteps } from "../parts/artifacts/artifact-steps.ts";
import { artifactsStepId } from "../parts/artifacts/artifacts-layout.ts";
import { containerdSteps } from "../parts/containerd/containerd-steps.ts";
import { controlPlaneStepId } from "../parts/control-plane/control-plane-layout.ts";
import { controlPlaneSteps } from "../parts/control-plane/control-plane-steps.ts";
import { etcdHostStepIds, etcdStepIds, etcdSteps } from "../parts/etcd/etcd-steps.ts";
import { loadBalancerStepIds, loadBalancerSteps } from "../parts/load-balancer/load-balancer-steps.ts";
import { networkStepIds, networkSteps } from "../parts/network/network-steps.ts";
import {
  kubeletStepId,
  nodesObjectsStepId,
  servingCertificatesStepId,
  servingGroups,
} from "../parts/nodes/nodes-layout.ts";
import { nodesSteps } from "../parts/nodes/nodes-steps.ts";
import { osSteps } from "../parts/os/os-steps.ts";
import { securityStepIds, securitySteps } from "../parts/security/security-steps.ts";
import { verificationSteps } from "../parts/verification/verification-steps.ts";
import { workerStepId, workerSteps } from "../parts/worker/worker-steps.ts";
import type { ClusterSpec, HostSpec } from "../spec/cluster-spec.ts";
import { controlPlaneHosts, nodeHosts } from "../spec/hosts-by-role.ts";

/** From bare hosts to a cluster that is ready and verified. */
export function install(
  spec: ClusterSpec,
  /** `traffic`: send traffic between pods although nothing has changed since it was last seen. */
  { traffic = false }: { readonly traffic?: boolean } = {},
): {
  readonly intention: "install";
  /** What `--through` takes, in order. */
  readonly phases: readonly string[];
  readonly steps: readonly Step[];
} {
  const prepared = (host: HostSpec["name"]) => [artifactsStepId(host)];
  const joined = (host: HostSpec) =>
    host.roles.includes("control-plane") ? controlPlaneStepId("join", host.name) : workerStepId("join", host.name);
  const endpoint = loadBalancerStepIds(spec);
  return {
    intention: "install",
    phases: [
      "baseline",
      "runtime",
      "load-balancer",
      "etcd",
      "artifacts",
      "control-plane",
      "workers",
      "network",
      "add-ons",
      "security",
      "verification",
    ],
    steps: [
      ...osSteps(spec),
      ...containerdSteps(spec),
      ...loadBalancerSteps(spec),
      ...etcdSteps(spec),
      ...artifactSteps(spec, undefined, (host) => etcdHostStepIds(spec, host)),
      ...controlPlaneSteps(spec, { prepared, endpoint, etcd: etcdStepIds(spec) }),
      ...workerSteps(spec, prepared),
      ...nodesSteps(spec, { joined }),
      ...networkSteps(spec, { joined }),
      ...addonsSteps(spec, {
        network: networkStepIds(spec),
        servingCertificates: servingGroups(spec).map(servingCertificatesStepId),
      }),
      ...securitySteps(spec),
      ...verificationSteps(spec, {
        trafficAnyway: traffic,
        // Directly: what these have changed makes pods and nodes unready for a while, and is then looked at again.
        everything: [
          ...controlPlaneHosts(spec).map((host) => controlPlaneStepId("roll", host.name)),
          ...nodeHosts(spec).map((host) => kubeletStepId(host.name)),
          ...networkStepIds(spec),
          nodesObjectsStepId,
          ...servingGroups(spec).map(servingCertificatesStepId),
          ...addonsStepIds,
          ...securityStepIds(spec),
        ],
      }),
    ],
  };
}
