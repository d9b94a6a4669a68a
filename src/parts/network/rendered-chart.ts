import { type Chart, helmVersion } from "../../artifacts/network-plugin-chart.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { Look } from "../../engine/step.ts";
import { helmTemplate, type RenderedDocument } from "../../facts/helm-template.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import { releaseFolder } from "../artifacts/artifacts-layout.ts";

/** Folder of the one chart of a name and version on a control plane host. */
export function chartFolder(chart: Chart): string {
  return releaseFolder("charts", `${chart.name}-${chart.version}`);
}
/** The chart's file in it. */
export const chartFile = "chart.tgz";

/** Kinds of a chart's objects that are the cluster's; all others belong to the namespace of the release. */
const clusterKinds = new Set([
  "APIServer",
  "APIService",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "GatewayClass",
  "Installation",
  "IngressClass",
  "MutatingWebhookConfiguration",
  "Namespace",
  "PriorityClass",
  "ValidatingWebhookConfiguration",
]);

/**
 * The objects of a chart, rendered by Helm on the first control plane host that can; "not-there" while none has Helm and
 * the chart.
 */
export async function renderedChart(
  look: Pick<Look, "factOf">,
  spec: ClusterSpec,
  chart: Chart,
  release: string,
  namespace: string,
  values: Readonly<Record<string, unknown>>,
): Promise<readonly KubeObject[] | "not-there"> {
  const fact = helmTemplate({
    helm: `${releaseFolder("helm", helmVersion)}/helm`,
    chart: `${chartFolder(chart)}/${chartFile}`,
    release,
    namespace,
    kubernetesVersion: spec.kubernetes.version,
    values,
  });
  for (const host of controlPlaneHosts(spec)) {
    try {
      const documents = await look.factOf(host.name, fact);
      if (documents !== "not-there") return documents.map((document) => inNamespace(document, namespace));
    } catch (cause) {
      if (!(cause instanceof ProblemError) || !cause.problem.code.startsWith("ssh/")) throw cause;
    }
  }
  return "not-there";
}

/** helm install puts objects without a namespace into that of the release. */
function inNamespace(document: RenderedDocument, namespace: string): KubeObject {
  const object = document as KubeObject;
  if (object.metadata.namespace !== undefined || clusterKinds.has(object.kind)) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}
