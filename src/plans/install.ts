import type { Step } from "../engine/step.ts";
import { containerdSteps } from "../parts/containerd/containerd-steps.ts";
import { etcdSteps } from "../parts/etcd/etcd-steps.ts";
import { loadBalancerSteps } from "../parts/load-balancer/load-balancer-steps.ts";
import { osSteps } from "../parts/os/os-steps.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";

/** From bare hosts to a highly available entry point and etcd. */
export function install(spec: ClusterSpec): {
  readonly intention: "install";
  /** What `--through` takes, in order. */
  readonly phases: readonly string[];
  readonly steps: readonly Step[];
} {
  return {
    intention: "install",
    phases: ["baseline", "runtime", "load-balancer", "etcd"],
    steps: [...osSteps(spec), ...containerdSteps(spec), ...loadBalancerSteps(spec), ...etcdSteps(spec)],
  };
}
