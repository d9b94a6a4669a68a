import type { HostAct, HostLook, HostStep, StepId } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import type { Problem } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import {
  birthMarkPath,
  controlPlaneInitStepId,
  controlPlaneRolloutLock,
  kubeadmConfigPath,
  superAdminKubeconfigPath,
} from "./control-plane-layout.ts";
import { type Birth, controlPlaneTraces } from "./control-plane-traces.ts";
import { endLeftoverKubeadm, kubeadmRun } from "./kubeadm-run.ts";
import { stampManifests } from "./mend-static-pod.ts";
import { preflightExceptions } from "./preflight-exceptions.ts";
import { staticPods } from "./static-pods.ts";

interface Found {
  /** An earlier run has begun here and was interrupted. */
  readonly resuming: boolean;
}

/**
 * Makes the cluster on its first control plane, once. kubeadm's phases use what is there already, authorities and
 * certificates above all, so an interrupted init is finished by running it again. Refused where a control plane was made
 * by somebody else, and where another host has begun to be the first.
 */
export function controlPlaneInitStep(spec: ClusterSpec, host: HostSpec, after: readonly StepId[]): HostStep<Found> {
  const others = controlPlaneHosts(spec).filter((one) => one.name !== host.name);
  return {
    id: controlPlaneInitStepId,
    title: `Initialise Kubernetes on ${host.name}`,
    phase: "control-plane",
    on: host.name,
    after,
    locks: [controlPlaneRolloutLock],
    impact: "restarts-component",
    withinMs: 25 * 60_000,
    async check(look) {
      const own = await look.fact(controlPlaneTraces);
      if (own.birth === "init-done") return { state: "satisfied", because: `kubeadm has initialised ${host.name}` };
      const elsewhere = await Promise.all(
        others.map(async (one) => ({ host: one.name, ...(await look.factOf(one.name, controlPlaneTraces)) })),
      );
      // Also this host: whoever has joined a cluster never begins one, be it the last that is left of it.
      const member = [{ host: host.name, ...own }, ...elsewhere].find((one) =>
        ["init-done", "join-started", "join-done"].includes(one.birth),
      );
      if (member !== undefined) return { state: "satisfied", because: `the cluster exists on ${member.host}` };
      const begun = elsewhere.find((one) => one.birth === "init-started");
      if (begun !== undefined) return { state: "refused", problem: initialisedElsewhere(host.name, begun.host) };
      const foreign = [{ host: host.name, ...own }, ...elsewhere].find(
        (one) => one.birth === "none" && (one.apiServer || one.kubelet),
      );
      if (foreign !== undefined) return { state: "refused", problem: foreignCluster(foreign.host) };
      const resuming = own.birth !== "none";
      return {
        state: "needed",
        found: { resuming },
        changes: [
          {
            verb: "run",
            what: `kubeadm init on ${host.name}`,
            to: `Kubernetes ${spec.kubernetes.version}`,
            ...(resuming ? { because: "an earlier run was interrupted" } : {}),
          },
        ],
      };
    },
    async apply(act, { resuming }) {
      if (resuming) await act.change(endLeftoverKubeadm);
      await mark(act, "init-started");
      const ignored = await act.fact(preflightExceptions(spec, resuming));
      act.say(`kubeadm init, not stopped by ${ignored.join(", ")}`);
      await act.change(
        kubeadmRun(["init", "--config", kubeadmConfigPath, `--ignore-preflight-errors=${ignored.join(",")}`]),
      );
      await act.change({ kind: "remove", path: superAdminKubeconfigPath });
      await stampManifests(act, spec, host, staticPods(spec));
      await mark(act, "init-done");
    },
    verify: [
      {
        title: `${host.name} to be initialised`,
        everyMs: 1000,
        withinMs: 30_000,
        async holds(look: HostLook) {
          const { birth } = await look.fact(controlPlaneTraces);
          return birth === "init-done" ? { state: "met" } : { state: "not-yet", because: `its mark is "${birth}"` };
        },
      },
    ],
  };
}

/** Says on the host how far it has come. */
export async function mark(act: HostAct, birth: Exclude<Birth, "none">): Promise<void> {
  await act.change({ kind: "write", path: birthMarkPath, content: `${birth}\n`, mode: 0o644 });
}

function initialisedElsewhere(host: HostName, elsewhere: HostName): Problem {
  return {
    code: "kubernetes/initialised-elsewhere",
    severity: "error",
    message: `Kubernetes cannot be initialised on ${host}`,
    because: `an interrupted run has begun to initialise it on ${elsewhere}, and a cluster is born once`,
    hint: { text: `Put ${elsewhere} before the other control planes in the cluster file and apply again` },
    where: { host },
  };
}

function foreignCluster(host: HostName): Problem {
  return {
    code: "kubernetes/foreign-cluster",
    severity: "error",
    message: `Kubernetes cannot be initialised while ${host} belongs to another cluster`,
    because: `${host} has a kubelet or an API server that Slipway has not made`,
    hint: { text: "If it is not needed, undo it on that host", command: "kubeadm reset" },
    where: { host },
  };
}
