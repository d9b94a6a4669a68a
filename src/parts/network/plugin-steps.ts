import { architectureOf } from "../../artifacts/architecture.ts";
import { fileNames } from "../../artifacts/file-names.ts";
import { type Chart, helmVersion, networkPluginChart } from "../../artifacts/network-plugin-chart.ts";
import { sourceOf } from "../../artifacts/source-of.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { Look, Step } from "../../engine/step.ts";
import { kernel } from "../../facts/kernel.ts";
import { hostStateStep } from "../../resources/resource-group.ts";
import type { ClusterSpec, NetworkPluginSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import { artifactsStepId, programFolder, releaseFolder } from "../artifacts/artifacts-layout.ts";
import { placedRelease } from "../artifacts/placed-release.ts";
import { controlPlaneInitStepId } from "../control-plane/control-plane-layout.ts";
import { type ObjectsUnknown, objectsStep } from "../kubernetes-objects/objects-step.ts";
import { calicoPeers, calicoValues } from "./calico-values.ts";
import { ciliumValues } from "./cilium-values.ts";
import { flannelObjects } from "./flannel-objects.ts";
import { kubeProxySetup } from "./kube-proxy-mode.ts";
import {
  networkDefinitionsStepId,
  networkKindStepId,
  networkPeersStepId,
  networkPhase,
  networkPluginStepId,
  networkStepId,
} from "./network-layout.ts";
import { objectCondition } from "./object-condition.ts";
import { chartFile, chartFolder, renderedChart } from "./rendered-chart.ts";

/** Images of a network plugin come over the internet before its pods are ready. */
const readyWithinMs = 10 * 60_000;
const operatorGroup = "operator.tigera.io/v1";

/** Network plugins that run in pods: applied as soon as there is an API, so that nodes get them as they join. */
export function pluginSteps(spec: ClusterSpec, plugin: Exclude<NetworkPluginSpec, { kind: "bridge" }>): Step[] {
  switch (plugin.kind) {
    case "flannel":
      return [
        objectsStep(spec, {
          id: networkPluginStepId,
          title: "Apply Flannel",
          phase: networkPhase,
          after: [networkKindStepId],
          part: "flannel",
          objects: flannelObjects(spec.network, plugin),
          readyWithinMs,
        }),
      ];
    case "cilium":
      return [...chartSteps(spec), ciliumStep(spec, plugin)];
    case "calico":
      return [...chartSteps(spec), ...calicoSteps(spec, plugin)];
  }
}

/** Helm and the chart on every control plane host, so that the loss of one takes nothing away. */
function chartSteps(spec: ClusterSpec): Step[] {
  const chart = chartOf(spec);
  const source = sourceOf(spec);
  return controlPlaneHosts(spec).map((host) =>
    hostStateStep({
      id: networkStepId("chart", host.name),
      title: `Place the chart ${chart.name} ${chart.version} on ${host.name}`,
      phase: networkPhase,
      on: host.name,
      after: [artifactsStepId(host.name)],
      needs: kernel,
      resources: ({ architecture }) => [
        placedRelease({
          title: `helm ${helmVersion}`,
          folder: releaseFolder("helm", helmVersion),
          contents: {
            kind: "archive",
            origin: source.file(fileNames.helm(helmVersion, architectureOf(architecture))),
            strip: 1,
          },
          links: { [`${programFolder}/helm`]: "helm" },
        }),
        placedRelease({
          title: `chart ${chart.name} ${chart.version}`,
          folder: chartFolder(chart),
          contents: {
            kind: "programs",
            programs: { [chartFile]: source.file(fileNames.chart(chart.name, chart.version)) },
          },
          links: {},
        }),
      ],
    }),
  );
}

function ciliumStep(spec: ClusterSpec, plugin: NetworkPluginSpec & { kind: "cilium" }): Step {
  return objectsStep(spec, {
    id: networkPluginStepId,
    title: "Apply Cilium",
    phase: networkPhase,
    after: [networkKindStepId, ...chartStepIds(spec)],
    part: "cilium",
    objects: (look) => rendered(look, spec, "cilium", "kube-system", ciliumValues(spec, plugin)),
    // Those Hubble alone has: without it nothing of them is declared.
    otherKinds: [
      { apiVersion: "batch/v1", kind: "CronJob" },
      { apiVersion: "batch/v1", kind: "Job" },
      { apiVersion: "v1", kind: "Service" },
    ],
    readyWithinMs,
  });
}

/** The operator brings the kinds its own settings are of; Calico is made of those, and then serves the kinds of peers. */
function calicoSteps(spec: ClusterSpec, plugin: NetworkPluginSpec & { kind: "calico" }): Step[] {
  const objects = async (look: Look, isWanted: (object: KubeObject) => boolean) => {
    const { mode } = await kubeProxySetup(look, spec);
    const all = await rendered(look, spec, "calico", "tigera-operator", calicoValues(spec.network, plugin, mode));
    return "state" in all ? all : all.filter(isWanted);
  };
  const isSetting = (object: KubeObject) => object.apiVersion === operatorGroup;
  const definition = (kind: string) =>
    objectCondition(spec, {
      title: `the kind ${kind} to be known`,
      object: {
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        name: `${kind}.operator.tigera.io`,
      },
      type: "Established",
      withinMs: readyWithinMs,
    });
  const available = (name: string) =>
    objectCondition(spec, {
      title: `Calico's ${name} to be available`,
      object: { apiVersion: operatorGroup, kind: "TigeraStatus", name },
      type: "Available",
      withinMs: readyWithinMs,
    });
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "tigera-operator" } };
  return [
    objectsStep(spec, {
      id: networkDefinitionsStepId,
      title: "Apply Calico's operator",
      phase: networkPhase,
      after: [networkKindStepId, ...chartStepIds(spec)],
      part: "calico-operator",
      objects: async (look) => {
        const own = await objects(look, (object) => !isSetting(object));
        return "state" in own ? own : [namespace, ...own];
      },
      conditions: [definition("installations"), definition("apiservers"), definition("tigerastatuses")],
      readyWithinMs,
    }),
    objectsStep(spec, {
      id: networkPluginStepId,
      title: "Apply Calico",
      phase: networkPhase,
      after: [networkDefinitionsStepId],
      until: networkDefinitionsStepId,
      part: "calico",
      objects: (look) => objects(look, isSetting),
      conditions: [available("calico"), available("apiserver")],
      readyWithinMs,
    }),
    objectsStep(spec, {
      id: networkPeersStepId,
      title: "Apply Calico's BGP peers",
      phase: networkPhase,
      after: [networkPluginStepId],
      until: networkPluginStepId,
      part: "calico-peers",
      objects: calicoPeers(plugin),
      otherKinds: [{ apiVersion: "projectcalico.org/v3", kind: "BGPPeer" }],
    }),
  ];
}

async function rendered(
  look: Look,
  spec: ClusterSpec,
  release: string,
  namespace: string,
  values: Readonly<Record<string, unknown>>,
): Promise<readonly KubeObject[] | ObjectsUnknown> {
  const chart = chartOf(spec);
  const objects = await renderedChart(look, spec, chart, release, namespace, values);
  if (objects !== "not-there") return objects;
  const [first = controlPlaneInitStepId] = chartStepIds(spec);
  return { state: "unknown", until: first, because: `the chart ${chart.name} is on no control plane host yet` };
}

function chartStepIds(spec: ClusterSpec) {
  return controlPlaneHosts(spec).map((host) => networkStepId("chart", host.name));
}

function chartOf(spec: ClusterSpec): Chart {
  const chart = networkPluginChart(spec);
  if (chart === undefined) throw new Error(`${spec.network.plugin.kind} has no chart`);
  return chart;
}
