import { ownApiServer } from "../../cluster/kube/control-planes.ts";
import { kubeReplies } from "../../cluster/kube/kube-replies.ts";
import { kubeSend } from "../../cluster/kube/kube-send.ts";
import type { Condition, HostAct, HostLook, HostStep, LockName, StepId, Verdict } from "../../engine/step.ts";
import type { Problem } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import {
  bootstrapTokenSecret,
  discoveryKubeconfig,
  makeBootstrapToken,
  tokenSecretName,
  tokensPath,
} from "./bootstrap-token.ts";
import { releaseTokens } from "./bootstrap-tokens-step.ts";
import { mark } from "./control-plane-init-step.ts";
import { bootstrapKubeconfigPath, joinConfigPath } from "./control-plane-layout.ts";
import { type ControlPlaneTraces, controlPlaneTraces } from "./control-plane-traces.ts";
import { endLeftoverKubeadm, kubeadmRun } from "./kubeadm-run.ts";
import { clusterAuthority, readAuthority } from "./kubernetes-authorities.ts";
import { stampManifests } from "./mend-static-pod.ts";
import { unknownWithoutApi } from "./no-api.ts";
import { preflightExceptions } from "./preflight-exceptions.ts";
import { nodeOf, type Registration } from "./registered-nodes.ts";
import { staticPods } from "./static-pods.ts";
import { isVotingMember } from "./voting-member.ts";

/** What the two kinds of joins differ in. */
export interface JoinDeclaration {
  readonly id: StepId;
  readonly title: string;
  readonly phase: string;
  readonly after: readonly StepId[];
  readonly locks?: readonly LockName[];
}

interface Found {
  /**
   * "join": from the start. "resume": kubeadm was interrupted before the kubelet had its identity. "finish": after that,
   * so what is left is to be done. "register": the node's object is gone, and a kubelet registers when it starts.
   */
  readonly how: "join" | "resume" | "finish" | "register";
}

/**
 * Joins a host to the cluster with a token made for it, which lives until the join has ended, ten minutes at most. A host
 * that was left half joined is taken up where it was left. Refused where the host belongs to a cluster of somebody else.
 */
export function joinStep(spec: ClusterSpec, host: HostSpec, declared: JoinDeclaration): HostStep<Found> {
  const isControlPlane = host.roles.includes("control-plane");
  return {
    ...declared,
    on: host.name,
    impact: "none",
    withinMs: 25 * 60_000,
    async check(look) {
      const [traces, registration] = await Promise.all([look.fact(controlPlaneTraces), nodeOf(look, spec, host.name)]);
      const begins = traces.birth === "init-done" || traces.birth === "init-started";
      if (traces.birth === "none" && traces.kubelet) return { state: "refused", problem: foreignNode(host) };
      const how = howToJoin(traces, registration);
      if (how === undefined) {
        return {
          state: "satisfied",
          because: begins ? `the cluster begins on ${host.name}` : `${host.name} has joined`,
        };
      }
      if (registration.state === "no-cluster") return unknownWithoutApi(registration);
      return { state: "needed", found: { how }, changes: [{ verb: "run", ...words[how](host) }] };
    },
    async apply(act, { how }) {
      if (how === "register") {
        await act.change({ kind: "run", argv: ["systemctl", "restart", "--", "kubelet.service"] });
        return;
      }
      if (how !== "join") await act.change(endLeftoverKubeadm);
      await mark(act, "join-started");
      if (how !== "finish" || isControlPlane) await joinWithToken(act, spec, host, how);
      // kubeadm removes it itself, unless it was interrupted.
      await act.change({ kind: "remove", path: bootstrapKubeconfigPath });
      if (isControlPlane) await stampManifests(act, spec, host, staticPods(spec));
      await mark(act, "join-done");
    },
    release: (act) => releaseTokens(act, spec, host.name),
    verify: [registered(spec, host), ...(isControlPlane ? [apiServerReady(host)] : [])],
  };
}

const words = {
  join: (host: HostSpec) => ({ what: `kubeadm join on ${host.name}` }),
  resume: (host: HostSpec) => ({ what: `kubeadm join on ${host.name}`, because: "an earlier run was interrupted" }),
  finish: (host: HostSpec) => ({
    what: `rest of kubeadm join on ${host.name}`,
    because: "an earlier run was interrupted after the kubelet had its identity",
  }),
  register: (host: HostSpec) => ({
    what: `restart of kubelet.service on ${host.name}`,
    because: "the cluster has no such node, and a kubelet registers when it starts",
  }),
};

function howToJoin(traces: ControlPlaneTraces, registration: Registration): Found["how"] | undefined {
  if (traces.birth === "none") return "join";
  if (traces.birth === "init-started") return undefined;
  if (traces.birth === "init-done" || (traces.birth === "join-done" && traces.identity)) {
    return registration.state === "not-registered" ? "register" : undefined;
  }
  return traces.identity ? "finish" : "resume";
}

async function joinWithToken(act: HostAct, spec: ClusterSpec, host: HostSpec, how: Found["how"]): Promise<void> {
  const authority = await readAuthority(act, clusterAuthority);
  if (authority === undefined) throw new Error("files are given to a host only once the vault has the authority");
  const ignored = await act.fact(preflightExceptions(spec, how !== "join"));
  const token = makeBootstrapToken();
  const secret = bootstrapTokenSecret(token, host.name, act.now());
  await kubeSend(act, spec, [{ method: "POST", path: tokensPath, body: secret }]);
  act.say(`kubeadm join, not stopped by ${ignored.join(", ")}`);
  const phases = await phasesDone(act, spec, host, how);
  const skipped = phases.length > 0 ? [`--skip-phases=${phases.join(",")}`] : [];
  const argv = ["join", "--config", joinConfigPath, `--ignore-preflight-errors=${ignored.join(",")}`, ...skipped];
  await act.change(kubeadmRun(argv, discoveryKubeconfig(spec, authority.certificate, token)));
  const path = `${tokensPath}/${tokenSecretName(token.id)}`;
  await kubeSend(act, spec, [{ method: "DELETE", path }], [404]);
}

/** Phases an interrupted join has left behind it, and that kubeadm must not begin again. */
async function phasesDone(
  act: HostAct,
  spec: ClusterSpec,
  host: HostSpec,
  how: Found["how"],
): Promise<readonly string[]> {
  const isStacked = spec.etcd.topology === "stacked" && host.roles.includes("control-plane");
  // kubeadm would try for two minutes to promote a member that has its vote, and fail: MemberPromote of 1.36.
  const hasVote = how !== "join" && isStacked && (await isVotingMember(act, spec, host));
  return [
    // With its identity the kubelet may be a Ready node already, which kubeadm would take for another one of that name.
    ...(how === "finish" ? ["preflight", "kubelet-start"] : []),
    ...(hasVote ? ["etcd-join"] : []),
  ];
}

function registered(spec: ClusterSpec, host: HostSpec): Condition<HostLook> {
  return {
    title: `node ${host.name} to be registered`,
    everyMs: 1000,
    withinMs: 120_000,
    async holds(look): Promise<Verdict> {
      const registration = await nodeOf(look, spec, host.name);
      switch (registration.state) {
        case "registered":
          return { state: "met" };
        case "no-cluster":
          return { state: "not-yet", because: registration.because };
        case "not-registered":
          return { state: "not-yet", because: "the cluster does not know it" };
      }
    },
  };
}

/** The API server of a host says that it is ready. */
export function apiServerReady(host: HostSpec): Condition<HostLook> {
  const readyz = kubeReplies(ownApiServer(host), [{ method: "GET", path: "/readyz" }]);
  return {
    title: `API server on ${host.name} to be ready`,
    everyMs: 1000,
    withinMs: 180_000,
    async holds(look): Promise<Verdict> {
      const { failure, replies } = await look.factOf(host.name, readyz);
      if (failure !== undefined) return { state: "not-yet", because: failure.because };
      const status = replies[0]?.status;
      return status === 200 ? { state: "met" } : { state: "not-yet", because: `/readyz answers ${status}` };
    },
  };
}

function foreignNode(host: HostSpec): Problem {
  return {
    code: "kubernetes/foreign-cluster",
    severity: "error",
    message: `${host.name} cannot join while it belongs to another cluster`,
    because: `its kubelet has an identity that Slipway has not given it`,
    hint: { text: "If that cluster is not needed there, undo it on that host", command: "kubeadm reset" },
    where: { host: host.name },
  };
}
