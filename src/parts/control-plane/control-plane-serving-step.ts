import { kubeAsk } from "../../cluster/kube/kube-ask.ts";
import type { Act, Change, ClusterStep, HostAct, HostLook, Look, StepId } from "../../engine/step.ts";
import type { Fact } from "../../facts/fact.ts";
import { beginningOf } from "../../facts/not-understood.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import {
  controlPlaneRolloutLock,
  controlPlaneServingStepId,
  kubeadmConfigPath,
  patchesFolder,
} from "./control-plane-layout.ts";
import { controlPlaneTraces } from "./control-plane-traces.ts";
import { dueCertificates, type KubeadmCertificate, renewalOf, renewCertificates } from "./issued-by-kubeadm.ts";
import { kubeadmConfig } from "./kubeadm-config.ts";
import { staticPodPatches } from "./kubeadm-patches.ts";
import { mendStaticPod } from "./mend-static-pod.ts";
import { type NoApi, noApi, unknownWithoutApi } from "./no-api.ts";
import { changeOfStaticPod, type StaticPodDrift, staticPodDrifts } from "./static-pod-drift.ts";

/** What keeps a control plane host from serving, as far as it can be seen. */
interface Silenced {
  readonly host: HostSpec;
  readonly due: readonly KubeadmCertificate[];
  readonly drifts: readonly StaticPodDrift[];
}

/**
 * Sees to it that an API server of a cluster that exists answers, before anybody rests on it. Usually one does. Where none
 * does there is nothing to lose, so that what is wrong with their static pods and certificates is mended on all hosts at
 * once that have their files; the rollout, which keeps one of them serving, comes only when one serves.
 */
export function controlPlaneServingStep(spec: ClusterSpec, after: readonly StepId[]): ClusterStep<readonly Silenced[]> {
  return {
    id: controlPlaneServingStepId,
    title: "Have an API server of the cluster answer",
    phase: "control-plane",
    on: "cluster",
    after,
    locks: [controlPlaneRolloutLock],
    impact: "restarts-component",
    async check(look) {
      const silence = await whoIsSilent(look, spec);
      if (silence === undefined) return { state: "satisfied", because: "an API server answers" };
      if (silence.problem === undefined) return unknownWithoutApi(silence);
      const found = (await Promise.all(controlPlaneHosts(spec).map((host) => silenced(look, spec, host)))).flat();
      const waiting: Change = { verb: "run", what: "wait for an API server to answer", because: silence.because };
      const [first = waiting, ...rest] = [
        ...found.flatMap(({ host, due, drifts }) => [
          ...due.map((one) => on(host, renewalOf(one, look.now()))),
          ...drifts.map((one) => on(host, changeOfStaticPod(one))),
        ]),
        waiting,
      ];
      return { state: "needed", found, changes: [first, ...rest] };
    },
    async apply(act, found) {
      for (const { host, due } of found) {
        const own = actOn(act, host);
        await renewCertificates(own, due);
        for (const drift of await staticPodDrifts(own, spec, host)) await mendStaticPod(own, spec, host, drift);
      }
    },
    verify: [
      {
        title: "an API server of the cluster to answer",
        everyMs: 2000,
        withinMs: 240_000,
        async holds(look) {
          const silence = await whoIsSilent(look, spec);
          return silence === undefined ? { state: "met" } : { state: "not-yet", because: silence.because };
        },
      },
    ],
  };
}

/** Undefined when one answers and is ready. */
async function whoIsSilent(look: Pick<Look, "factOf">, spec: ClusterSpec): Promise<NoApi | undefined> {
  const answer = await kubeAsk(look, spec, [{ method: "GET", path: "/readyz" }]);
  if (answer.state !== "answers") return noApi(answer);
  const status = answer.replies[0]?.status;
  if (status === 200) return undefined;
  return noApi({ state: "silent", because: `${answer.by}: /readyz answers with status ${status}` });
}

async function silenced(look: Look, spec: ClusterSpec, host: HostSpec): Promise<readonly Silenced[]> {
  const own = lookAt(look, host);
  try {
    const [{ birth }, isGiven] = await Promise.all([own.fact(controlPlaneTraces), own.fact(hasItsFiles(spec, host))]);
    // What is made from other files than the declared ones would be noted as made from these.
    if ((birth !== "init-done" && birth !== "join-done") || !isGiven) return [];
    const [due, drifts] = await Promise.all([dueCertificates(own, spec), staticPodDrifts(own, spec, host)]);
    return due.length + drifts.length === 0 ? [] : [{ host, due, drifts }];
  } catch (cause) {
    // A host that is away has steps of its own that say so; another one is enough.
    if (cause instanceof ProblemError && cause.problem.code.startsWith("ssh/")) return [];
    throw cause;
  }
}

/** The host has the configuration and patches static pods are to be made from. */
function hasItsFiles(spec: ClusterSpec, host: HostSpec): Fact<boolean> {
  const files = [
    { path: kubeadmConfigPath, text: kubeadmConfig(spec, host) },
    ...staticPodPatches(spec).map(({ name, text }) => ({ path: `${patchesFolder}/${name}`, text })),
  ];
  return {
    name: "kubeadm-files",
    reads: files.map(({ path }) => ({ kind: "content", path, maxBytes: 256 * 1024 })),
    parse: (answers) =>
      files.every(({ path, text }, index) => beginningOf("kubeadm-files", path, answers[index]) === text),
  };
}

function on(host: HostSpec, change: Change): Change {
  return { ...change, what: `${change.what} on ${host.name}` };
}

function lookAt(look: Look, { name }: HostSpec): HostLook {
  return {
    factOf: (host, fact) => look.factOf(host, fact),
    fact: (fact) => look.factOf(name, fact),
    vault: look.vault,
    now: () => look.now(),
    signal: look.signal,
  };
}

function actOn(act: Act, host: HostSpec): HostAct {
  return {
    ...lookAt(act, host),
    vault: act.vault,
    changeOn: (name, change) => act.changeOn(name, change),
    change: (change) => act.changeOn(host.name, change),
    say: (text) => act.say(text),
  };
}
