import type { Change, HostLook } from "../../engine/step.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { type StaticPodState, staticPodStates } from "./static-pod-state.ts";
import { manifestInputs, staticPods } from "./static-pods.ts";

/** Why a static pod is not as it has to be, and what brings it there. */
export interface StaticPodDrift {
  readonly state: StaticPodState;
  /** "remake": its manifest is written anew. "restart": the manifest is right, and what runs is not. */
  readonly how: "remake" | "restart";
  readonly because: string;
}

/** ps counts whole seconds, and so does the difference of two of its answers. */
const clockErrorSeconds = 2;

/** The static pods of a control plane host that are not as the cluster file says. */
export async function staticPodDrifts(
  look: Pick<HostLook, "fact">,
  spec: ClusterSpec,
  host: HostSpec,
): Promise<readonly StaticPodDrift[]> {
  const states = await look.fact(staticPodStates(staticPods(spec)));
  return states.flatMap((state) => staticPodDrift(state, manifestInputs(spec, host, state.pod)) ?? []);
}

/** Holds a static pod against what its manifest has to be made from. Undefined when there is nothing to do. */
export function staticPodDrift(state: StaticPodState, inputs: string): StaticPodDrift | undefined {
  const remake = (because: string): StaticPodDrift => ({ state, how: "remake", because });
  if (state.manifest === undefined) return remake("its manifest is missing");
  if (state.stamp === undefined) return remake("it is not known what its manifest was made from");
  if (state.stamp.manifest !== state.manifest) return remake("its manifest was edited");
  if (state.stamp.inputs !== inputs) return remake("the cluster file says otherwise");
  const because = whyRestart(state);
  return because === undefined ? undefined : { state, how: "restart", because };
}

function whyRestart({ processes, command, loads, differing }: StaticPodState): string | undefined {
  // What does not run, kubelet starts; with what it finds then.
  const other = processes.find((one) => command !== undefined && one.command !== command);
  if (other !== undefined) return "the running process has other flags than its manifest";
  const [wrong] = differing;
  if (wrong !== undefined && processes.length > 0) return `${wrong} is not as the cluster file says`;
  const started = Math.min(...processes.map((one) => one.startedAt));
  const newer = loads.find((file) => file.modifiedAt > started + clockErrorSeconds);
  return newer === undefined ? undefined : `the running process is older than ${newer.path}`;
}

/** For the plan. */
export function changeOfStaticPod({ state, how, because }: StaticPodDrift): Change {
  if (how === "restart") return { verb: "restart", what: `static pod ${state.pod.name}`, because };
  const what = `static pod ${state.pod.name}`;
  return state.manifest === undefined
    ? { verb: "create", what, because }
    : { verb: "update", what, to: "made anew", because };
}
