import type { HostAct } from "../../engine/step.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { kubeadmConfigPath, manifestStampPath } from "./control-plane-layout.ts";
import { kubeadmRun } from "./kubeadm-run.ts";
import { type ManifestStamp, manifestStampText } from "./manifest-stamp.ts";
import type { StaticPodDrift } from "./static-pod-drift.ts";
import { type StaticPodState, staticPodStates } from "./static-pod-state.ts";
import { manifestInputs, type StaticPod, staticPods } from "./static-pods.ts";

/**
 * kubelet sees a changed manifest within 20 s, gives the process 30 s to end, and the API server takes 15 s of them before
 * it begins to.
 */
const endsWithinSeconds = 90;

/** Makes a static pod's manifest anew, or has its process replaced, and returns when the old process has ended. */
export async function mendStaticPod(
  act: HostAct,
  spec: ClusterSpec,
  host: HostSpec,
  { state, how }: StaticPodDrift,
): Promise<void> {
  const { pod } = state;
  const before = await stateOf(act, pod);
  const pids = before.processes.map((one) => String(one.pid));
  if (how === "restart") {
    // Told to end, it ends in good order; kubelet starts it again.
    if (pids.length > 0) await act.change({ kind: "run", argv: ["kill", "-TERM", ...pids], okExitCodes: [0, 1] });
  } else {
    await act.change(kubeadmRun(["init", "phase", ...pod.phase, "--config", kubeadmConfigPath]));
    await stampManifests(act, spec, host, [pod]);
    const after = await stateOf(act, pod);
    // The same manifest is the same pod to kubelet.
    if (after.manifest === before.manifest) return;
  }
  for (const pid of pids) {
    const argv = ["timeout", String(endsWithinSeconds), "tail", `--pid=${pid}`, "-f", "/dev/null"];
    const { exitCode } = await act.change({
      kind: "run",
      argv,
      okExitCodes: [0, 124],
      timeoutMs: (endsWithinSeconds + 10) * 1000,
    });
    if (exitCode !== 0) act.say(`${pod.name} has not ended within ${endsWithinSeconds} s`);
  }
}

/** Notes from what the manifests of these pods were made, and what came out; of the others the note stays. */
export async function stampManifests(
  act: HostAct,
  spec: ClusterSpec,
  host: HostSpec,
  made: readonly StaticPod[],
): Promise<void> {
  const states = await act.fact(staticPodStates(staticPods(spec)));
  const stamps = new Map<string, ManifestStamp>();
  for (const { pod, manifest, stamp } of states) {
    const isMade = made.some((one) => one.name === pod.name);
    if (isMade && manifest !== undefined) {
      stamps.set(pod.name, { inputs: manifestInputs(spec, host, pod), manifest });
    } else if (stamp !== undefined) {
      stamps.set(pod.name, stamp);
    }
  }
  await act.change({ kind: "write", path: manifestStampPath, content: manifestStampText(stamps), mode: 0o644 });
}

async function stateOf(act: HostAct, pod: StaticPod): Promise<StaticPodState> {
  const [state] = await act.fact(staticPodStates([pod]));
  if (state === undefined) throw new Error(`one pod was asked for, ${pod.name}`);
  return state;
}
