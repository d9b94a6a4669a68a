import type { KubeReply, KubeRequest } from "../../cluster/kube/kube-access.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { dnsTextQuestion } from "./dns-question.ts";
import { askNodeLocalPort, askPort, placeName, podName } from "./traffic-objects.ts";
import { systemNamespace } from "./verification-layout.ts";

/** One way a packet is to go, as a request through the API server to the pod that sends it. */
export interface TrafficQuestion {
  /** "w-1 to the Service of a pod on w-2". */
  readonly what: string;
  readonly request: KubeRequest;
  /** Text of the right answer. */
  readonly expected: string;
}

/** TXT record by which the cluster's DNS names its schema: https://github.com/kubernetes/dns/blob/master/docs/specification.md */
const schemaRecord = { name: "dns-version", value: "1.1.0" };

/**
 * From every pod to the Service of every other, to the cluster's DNS, and to the node's cache. In two parts: what does not
 * come back costs seconds each, so the second is for when the first, a few from each node, has come back.
 */
export function trafficQuestions(
  spec: ClusterSpec,
  nodes: readonly string[],
  attempt: string,
): readonly [readonly TrafficQuestion[], readonly TrafficQuestion[]] {
  const parts: [TrafficQuestion[], TrafficQuestion[]] = [[], []];
  const schemaName = `${schemaRecord.name}.${spec.network.dnsDomain}`;
  for (const [place, node] of nodes.entries()) {
    const ask = (port: number, name: string) => question(podName(place, attempt), port, name);
    for (const [target, other] of nodes.entries()) {
      const distance = (target - place + nodes.length) % nodes.length;
      if (distance === 0 && nodes.length > 1) continue;
      parts[distance <= 1 ? 0 : 1].push({
        what: `${node} to the Service of a pod on ${other}`,
        request: ask(askPort, placeName(target)),
        expected: podName(target, attempt),
      });
    }
    parts[0].push({
      what: `${node} to the cluster's DNS`,
      request: ask(askPort, schemaName),
      expected: schemaRecord.value,
    });
    if (!spec.addons.dns.nodeLocal) continue;
    parts[0].push({
      what: `${node} to its DNS cache`,
      request: ask(askNodeLocalPort, schemaName),
      expected: schemaRecord.value,
    });
  }
  return parts;
}

/** Whether the answer came back, or what came instead. */
export function unanswered({ what, expected }: TrafficQuestion, reply: KubeReply | undefined): string | undefined {
  if (reply === undefined) return `${what}: not asked`;
  if (reply.status === 200 && String(reply.body).includes(expected)) return undefined;
  if (reply.status === 200) return `${what}: no answer came back`;
  const said = (reply.body as { readonly message?: string } | null)?.message ?? "";
  return `${what}: the API server could not ask the pod (${[reply.status, said].join(" ").trim()})`;
}

function question(pod: string, port: number, name: string): KubeRequest {
  const path = `/api/v1/namespaces/${systemNamespace}/pods/http:${pod}:${port}/proxy/dns-query`;
  return { method: "GET", path: `${path}?dns=${dnsTextQuestion(name)}` };
}
