import type { KubeRequest } from "../../cluster/kube/kube-access.ts";
import { kubeSend } from "../../cluster/kube/kube-send.ts";
import type { Change, ClusterStep, Condition, Look } from "../../engine/step.ts";
import type { Problem } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { unknownWithoutApi } from "../control-plane/no-api.ts";
import {
  kubeletStepId,
  type ServingGroup,
  servingCertificatesStepId,
  servingGroup,
  servingRequestsStepId,
} from "./nodes-layout.ts";
import { requesterOf, type ServingRequest } from "./serving-request.ts";
import { requestsPath, type StrangeRequest, servingView } from "./serving-view.ts";

const everyMs = 1000;
/** kubelet asks within seconds of its start, and again after it could not reach the API server, ever less often. */
const asksWithinMs = 180_000;
/** kube-controller-manager signs what is approved at once; kubelet watches for it. */
const signedWithinMs = 120_000;

/**
 * Waits until the kubelet of every node has asked for the certificate it serves with, or has one. They ask by themselves
 * after they started.
 */
export function servingRequestsStep(spec: ClusterSpec, group: ServingGroup): ClusterStep<undefined> {
  const hosts = servingGroup(spec, group);
  return {
    id: servingRequestsStepId(group),
    title: `Wait for the kubelets of ${wordsOf(group)} to ask for serving certificates`,
    phase: "workers",
    on: "cluster",
    after: hosts.map((host) => kubeletStepId(host.name)),
    impact: "none",
    async check(look) {
      const seen = await servingView(look, spec, group);
      if (seen.state === "no-cluster") return unknownWithoutApi(seen);
      const [first, ...rest] = seen.silent.map(
        (host): Change => ({ verb: "run", what: `wait for the request of ${host.name}` }),
      );
      return first === undefined
        ? { state: "satisfied", because: "every kubelet has a serving certificate or has asked for one" }
        : { state: "needed", found: undefined, changes: [first, ...rest] };
    },
    apply(act) {
      act.say("kubelets ask by themselves; there is nothing to do but to wait");
      return Promise.resolve();
    },
    verify: [
      {
        title: "every kubelet to have asked for its serving certificate",
        everyMs,
        withinMs: asksWithinMs,
        async holds(look) {
          const seen = await servingView(look, spec, group);
          if (seen.state === "no-cluster") return { state: "not-yet", because: seen.because };
          return seen.silent.length === 0
            ? { state: "met" }
            : { state: "not-yet", because: `${namesOf(seen.silent)} have not asked` };
        },
      },
    ],
  };
}

/**
 * Approves the serving certificates that kubelets of this cluster ask for, for their own names and addresses. Requests that
 * are anything else are left as they are, and named. Kubelets ask again before their certificate expires.
 */
export function servingCertificatesStep(
  spec: ClusterSpec,
  group: ServingGroup,
): ClusterStep<readonly ServingRequest[]> {
  return {
    id: servingCertificatesStepId(group),
    title: `Approve the serving certificates of ${wordsOf(group)}`,
    phase: "workers",
    on: "cluster",
    after: [servingRequestsStepId(group)],
    impact: "none",
    async check(look) {
      const seen = await servingView(look, spec, group);
      if (seen.state === "no-cluster") return unknownWithoutApi(seen);
      const [first, ...rest] = seen.ours.map(
        (request): Change => ({
          verb: "update",
          what: `CertificateSigningRequest ${request.metadata.name}`,
          to: `approved, for ${requesterOf(request) ?? ""}`,
        }),
      );
      if (first !== undefined) return { state: "needed", found: seen.ours, changes: [first, ...rest] };
      const [silent] = seen.silent;
      if (silent !== undefined) {
        const because = `${silent.name} has not asked for its certificate yet`;
        return { state: "unknown", until: servingRequestsStepId(group), because };
      }
      if (seen.asked.length > 0) {
        const what = `wait for the signed certificates of ${namesOf(seen.asked)}`;
        // No refusal, which would keep what comes before from being mended, such as the address the kubelet asks for.
        const because = strangerAmong(seen.asked, seen.strange)?.because;
        const change: Change = { verb: "run", what, ...(because === undefined ? {} : { because }) };
        return { state: "needed", found: [], changes: [change] };
      }
      const left = seen.strange.map(strangeText).join("; ");
      const because = "every kubelet has a serving certificate";
      return { state: "satisfied", because: left === "" ? because : `${because}; left alone: ${left}` };
    },
    async apply(act, requests) {
      if (requests.length > 0) await kubeSend(act, spec, requests.map(approval));
      const seen = await servingView(act, spec, group);
      if (seen.state === "seen") for (const one of seen.strange) act.say(`left alone: ${strangeText(one)}`);
    },
    verify: [certificatesIssued(spec, group)],
  };
}

function certificatesIssued(spec: ClusterSpec, group: ServingGroup): Condition<Look> {
  return {
    title: "every kubelet to have its serving certificate",
    everyMs,
    withinMs: signedWithinMs,
    async holds(look) {
      const seen = await servingView(look, spec, group);
      if (seen.state === "no-cluster") return { state: "not-yet", because: seen.because };
      const waiting = [...seen.asked, ...seen.silent];
      if (waiting.length === 0) return { state: "met" };
      const problem = seen.ours.length > 0 ? undefined : strangerAmong(waiting, seen.strange);
      if (problem !== undefined) return { state: "never", problem };
      return { state: "not-yet", because: `${namesOf(waiting)} have none` };
    },
  };
}

function wordsOf(group: ServingGroup): string {
  return group === "workers" ? "workers" : "control plane nodes";
}

/** Approves exactly what was judged: the API refuses the object when it is another one by then. */
function approval(request: ServingRequest): KubeRequest {
  const condition = {
    type: "Approved",
    status: "True",
    reason: "SlipwayChecked",
    message: "Asked by a node of the cluster file, for its own name and address",
  };
  return {
    method: "PUT",
    path: `${requestsPath}/${request.metadata.name}/approval`,
    body: JSON.stringify({
      ...request,
      apiVersion: "certificates.k8s.io/v1",
      kind: "CertificateSigningRequest",
      status: { ...request.status, conditions: [condition] },
    }),
  };
}

/** A node that waits in vain: what it asks for is not its own. */
function strangerAmong(waiting: readonly HostSpec[], strange: readonly StrangeRequest[]): Problem | undefined {
  for (const { request, because } of strange) {
    const host = waiting.find((one) => one.name === requesterOf(request));
    if (host === undefined) continue;
    return {
      code: "kubernetes/strange-certificate-request",
      severity: "error",
      message: `${host.name} asks for a serving certificate that is not its own`,
      because: `${because} (CertificateSigningRequest ${request.metadata.name}); the cluster file gives it the name ${host.name} and the address ${host.address}`,
      hint: {
        text: "look at the addresses the node reports, and correct the cluster file or the host",
        command: `kubectl get node ${host.name} -o jsonpath={.status.addresses}`,
      },
      where: { host: host.name },
    };
  }
  return undefined;
}

function strangeText({ request, because }: StrangeRequest): string {
  return `request ${request.metadata.name}: ${because}`;
}

function namesOf(hosts: readonly HostSpec[]): string {
  const names = hosts.map((host) => host.name);
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}
