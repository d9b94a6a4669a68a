import { randomBytes } from "node:crypto";
import type { KubeRequest } from "../../cluster/kube/kube-access.ts";
import { kubeAsk } from "../../cluster/kube/kube-ask.ts";
import { kubeSend } from "../../cluster/kube/kube-send.ts";
import { collectionPath } from "../../cluster/kube/object-path.ts";
import { podNotReady } from "../../cluster/kube/readiness.ts";
import type { Act, ClusterStep, Look, Verdict } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { unknownWithoutApi } from "../control-plane/no-api.ts";
import { applyRequest } from "../kubernetes-objects/object-requests.ts";
import { ownershipQuery } from "../kubernetes-objects/ownership-labels.ts";
import { trafficPart, trafficPods, trafficServices } from "./traffic-objects.ts";
import { trafficQuestions, unanswered } from "./traffic-questions.ts";
import { currentAttempt, type TrafficState, trafficRecord, trafficState } from "./traffic-record.ts";
import {
  clusterReadyStepId,
  clusterTrafficEndStepId,
  clusterTrafficStepId,
  systemNamespace,
  verificationPhase,
} from "./verification-layout.ts";

type Seen = TrafficState & { readonly state: "seen" };

/**
 * Sends packets from pods of several nodes to Services of pods on the others, to the cluster's DNS and to the nodes' own
 * caches. `always`: although nothing has changed since it was last seen to work.
 */
export function trafficStep(spec: ClusterSpec, always: boolean): ClusterStep<Seen> {
  return {
    id: clusterTrafficStepId,
    title: "Send traffic between pods, to Services and to DNS",
    phase: verificationPhase,
    on: "cluster",
    after: [clusterReadyStepId],
    impact: "none",
    async check(look) {
      const found = await trafficState(look, spec);
      if (found.state === "no-cluster") return unknownWithoutApi(found);
      if (found.state === "incomplete") return { state: "unknown", until: clusterReadyStepId, because: found.because };
      if (found.verifiedAt !== undefined && !always)
        return {
          state: "satisfied",
          because: `it was seen at ${found.verifiedAt}, and nothing it rests on has changed`,
        };
      const because = found.verifiedAt !== undefined ? "it was asked for" : reasonOf(found);
      const what = `traffic between pods on ${found.nodes.join(", ")}`;
      return { state: "needed", found, changes: [{ verb: "run", what, because }] };
    },
    async apply(act, { nodes, pods }) {
      if (pods.length > 0) await removeAll(act, spec);
      const attempt = randomBytes(4).toString("hex");
      const services = trafficServices(nodes.length, attempt).map((one): KubeRequest => {
        const { reply: _metadataOnly, ...request } = applyRequest(one, "for-real");
        return request;
      });
      const made = await kubeSend(act, spec, services);
      const addresses = made.map(
        (one) => (one.body as { readonly spec: { readonly clusterIP: string } }).spec.clusterIP,
      );
      const objects = trafficPods(spec, nodes, addresses, attempt);
      await kubeSend(
        act,
        spec,
        objects.map((one) => applyRequest(one, "for-real")),
      );
    },
    verify: [
      {
        title: "pods to reach each other, Services and DNS",
        everyMs: 1000,
        withinMs: 180_000,
        holds: (look) => trafficVerdict(look, spec),
      },
    ],
    release: (act) => removeAll(act, spec),
  };
}

/** Removes what the traffic was made with, and notes in the cluster that it went well. */
export function trafficEndStep(spec: ClusterSpec): ClusterStep<Seen> {
  return {
    id: clusterTrafficEndStepId,
    title: "Remove the pods of the traffic check",
    phase: verificationPhase,
    on: "cluster",
    after: [clusterTrafficStepId],
    impact: "none",
    async check(look) {
      const found = await trafficState(look, spec);
      if (found.state !== "seen") return { state: "unknown", until: clusterTrafficStepId, because: found.because };
      if (found.pods.length > 0) {
        const what = `${found.pods.length} pods of the traffic check`;
        return { state: "needed", found, changes: [{ verb: "delete", what }] };
      }
      if (found.verifiedAt !== undefined) return { state: "satisfied", because: "none of them is there" };
      return { state: "unknown", until: clusterTrafficStepId, because: "there is nothing to remove yet" };
    },
    async apply(act, { digest, nodes, pods, verifiedAt }) {
      const note = applyRequest(trafficRecord(digest, nodes, act.now()), "for-real");
      // Leftovers of a run that was killed prove nothing: only the pods that have just answered do.
      if (verifiedAt === undefined && currentAttempt(pods, nodes) !== undefined) await kubeSend(act, spec, [note]);
      await removeAll(act, spec);
    },
    verify: [
      {
        title: "pods of the traffic check to be gone",
        everyMs: 500,
        withinMs: 60_000,
        async holds(look): Promise<Verdict> {
          const found = await trafficState(look, spec);
          if (found.state !== "seen") return { state: "not-yet", because: found.because };
          if (found.pods.length === 0) return { state: "met" };
          return { state: "not-yet", because: `${found.pods.length} are still there` };
        },
      },
    ],
  };
}

function reasonOf({ verifiedBefore }: Seen): string {
  return verifiedBefore ? "a node, the network or DNS has changed since it was last seen" : "it has not been seen yet";
}

async function trafficVerdict(look: Look, spec: ClusterSpec): Promise<Verdict> {
  const found = await trafficState(look, spec);
  if (found.state !== "seen") return { state: "not-yet", because: found.because };
  const current = currentAttempt(found.pods, found.nodes);
  if (current === undefined) return { state: "not-yet", because: "not all pods are there" };
  const waiting = current.pods.flatMap((pod) => {
    const because = podNotReady(pod);
    return because === undefined ? [] : [`${pod.metadata.name}: ${because}`];
  });
  if (waiting.length > 0) return { state: "not-yet", because: waiting.slice(0, 3).join("; ") };
  for (const questions of trafficQuestions(spec, found.nodes, current.attempt)) {
    const requests = questions.map((one) => one.request);
    if (requests.length === 0) continue;
    const answer = await kubeAsk(look, spec, requests);
    if (answer.state !== "answers") return { state: "not-yet", because: "no API server answers" };
    const failed = questions.flatMap((one, index) => unanswered(one, answer.replies[index]) ?? []);
    const more = failed.length > 3 ? `; and ${failed.length - 3} more of ${questions.length}` : "";
    if (failed.length > 0) return { state: "not-yet", because: `${failed.slice(0, 3).join("; ")}${more}` };
  }
  return { state: "met" };
}

async function removeAll(act: Act, spec: ClusterSpec): Promise<void> {
  const options = JSON.stringify({ apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0 });
  const requests = ["Pod", "Service", "ConfigMap"].map(
    (kind): KubeRequest => ({
      method: "DELETE",
      path: `${collectionPath({ apiVersion: "v1", kind }, systemNamespace)}?${ownershipQuery(trafficPart)}`,
      body: options,
      reply: "metadata-list",
    }),
  );
  await kubeSend(act, spec, requests);
}
