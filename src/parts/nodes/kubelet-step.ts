import { parse } from "yaml";
import type { Change, HostAct, HostStep, StepId } from "../../engine/step.ts";
import type { Fact } from "../../facts/fact.ts";
import { fileAmong, linesOfFiles } from "../../facts/lines-of-files.ts";
import { textOf } from "../../facts/not-understood.ts";
import { pathStat } from "../../facts/path-stat.ts";
import type { Inspection } from "../../resources/inspection.ts";
import type { Comparison, Resource } from "../../resources/resource.ts";
import { service } from "../../resources/service.ts";
import { unifiedDiff } from "../../resources/unified-diff.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { kubeletUnitFiles } from "../artifacts/artifacts-layout.ts";
import {
  controlPlaneConfigStepId,
  kubeletKubeconfigPath,
  patchesFolder,
} from "../control-plane/control-plane-layout.ts";
import { kubeadmRun } from "../control-plane/kubeadm-run.ts";
import { lookedUpStateStep } from "../looked-up-state.ts";
import { configurationDrift, type FieldDrift } from "./configuration-drift.ts";
import { kubeletConfigurationOf } from "./kubelet-configuration.ts";
import { type KubeletHostFacts, kubeletHostFacts } from "./kubelet-host-facts.ts";
import { kubeletReports } from "./kubelet-reports.ts";
import { kubeletConfigPath, kubeletFlagsPath, kubeletLock, kubeletStepId, kubeletUnit } from "./nodes-layout.ts";

/** A kubelet has joined a cluster: it has its identity. */
const hasIdentity: Fact<boolean> = {
  name: "kubelet-identity",
  reads: [{ kind: "stat", path: kubeletKubeconfigPath }],
  parse: ([answer]) => pathStat(kubeletKubeconfigPath, answer).exists,
};

/**
 * Keeps the kubelet of a living node as the cluster file has it: kubeadm writes its configuration anew from the cluster's
 * and the host's patch, and it is restarted, as many of a pool at a time as `kubeletLock` lets. Pods go on running. Nothing
 * is done to a node that is as declared. `joined` is the step after which the host is a node.
 */
export function kubeletStep(spec: ClusterSpec, host: HostSpec, joined: StepId): HostStep<Inspection> {
  return lookedUpStateStep(
    {
      id: kubeletStepId(host.name),
      title: `Keep the kubelet of ${host.name} as declared`,
      phase: "workers",
      on: host.name,
      after: [joined, controlPlaneConfigStepId],
      locks: [kubeletLock(spec, host)],
      impact: "restarts-component",
      conditions: [kubeletReports(spec, host, joined)],
    },
    async (at) => {
      const [identity, facts] = await Promise.all([at.fact(hasIdentity), at.fact(kubeletHostFacts)]);
      return identity ? [configurationFile(spec, host, facts), kubelet] : [awaited(host, joined)];
    },
  );
}

const kubelet = service({
  unit: kubeletUnit,
  loads: [kubeletConfigPath, kubeletFlagsPath],
  unitFiles: kubeletUnitFiles,
});

/** kubelet's configuration, which is kubeadm's to write. */
function configurationFile(spec: ClusterSpec, host: HostSpec, facts: KubeletHostFacts): Resource {
  const key = `file ${kubeletConfigPath}`;
  const lines = linesOfFiles([kubeletConfigPath]);
  const wanted = kubeletConfigurationOf(spec, host, facts);
  return {
    key,
    reads: [lines],
    compare(answers): Comparison {
      const file = fileAmong("kubelet-configuration", kubeletConfigPath, answers.of(lines));
      const text = textOf("kubelet-configuration", kubeletConfigPath, file);
      const drift = text === undefined ? [] : configurationDrift(parsed(text), wanted);
      if (text !== undefined && drift.length === 0) return { state: "same" };
      return { state: "different", changes: [changeOf(key, text, drift)], make: (act) => writtenByKubeadm(act, text) };
    },
  };
}

/** It keeps a copy of the file before, and stops where there is none. */
async function writtenByKubeadm(act: HostAct, before: string | undefined): Promise<void> {
  if (before === undefined) {
    await act.change({ kind: "write", path: kubeletConfigPath, content: "", mode: 0o644 });
  }
  await act.change(kubeadmRun(["upgrade", "node", "phase", "kubelet-config", "--patches", patchesFolder]));
}

function changeOf(key: string, text: string | undefined, drift: readonly FieldDrift[]): Change {
  if (text === undefined) return { verb: "create", what: key, because: "kubelet has no configuration" };
  const lines = (side: "found" | "wanted") =>
    drift.flatMap((one) => (one[side] === undefined ? [] : [`${one.field}: ${one[side]}\n`])).join("");
  const diff = unifiedDiff(lines("found"), lines("wanted"));
  const because = `${drift.length} ${drift.length === 1 ? "field differs" : "fields differ"} from the cluster file`;
  return { verb: "update", what: key, because, ...(diff === undefined ? {} : { diff }) };
}

/** What is no YAML has nothing of what is wanted. */
function parsed(text: string): unknown {
  try {
    return parse(text, { logLevel: "silent" });
  } catch (cause) {
    if (cause instanceof Error) return undefined;
    throw cause;
  }
}

function awaited(host: HostSpec, joined: StepId): Resource {
  return {
    key: `file ${kubeletConfigPath}`,
    reads: [],
    compare: () => ({ state: "unknown", until: joined, because: `${host.name} has not joined yet` }),
  };
}
