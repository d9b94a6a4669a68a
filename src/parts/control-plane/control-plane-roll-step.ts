import { ownApiServer } from "../../cluster/kube/control-planes.ts";
import { kubeReplies } from "../../cluster/kube/kube-replies.ts";
import type { Act, Change, Condition, HostAct, HostLook, HostStep, NonEmpty, StepId } from "../../engine/step.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import {
  type ApiServerCertificate,
  apiServerCertificate,
  apiServerCertificatePath,
  apiServerKeyPath,
  servesAnother,
  whyReissue,
} from "./api-server-certificate.ts";
import { awaitApiServer } from "./await-api-server.ts";
import { controlPlaneRolloutLock, controlPlaneStepId, kubeadmConfigPath } from "./control-plane-layout.ts";
import { controlPlaneTraces } from "./control-plane-traces.ts";
import { dueCertificates, type KubeadmCertificate, renewalOf, renewCertificates } from "./issued-by-kubeadm.ts";
import { apiServerReady } from "./join-step.ts";
import { kubeadmRun } from "./kubeadm-run.ts";
import { clusterAuthority, readAuthority } from "./kubernetes-authorities.ts";
import { mendStaticPod } from "./mend-static-pod.ts";
import { bringIntoService, takeOutOfService } from "./out-of-service.ts";
import { mayStopStackedMember } from "./stacked-member-risk.ts";
import { changeOfStaticPod, type StaticPodDrift, staticPodDrift, staticPodDrifts } from "./static-pod-drift.ts";
import { staticPodStates } from "./static-pod-state.ts";
import { manifestInputs, staticPods } from "./static-pods.ts";

/**
 * Brings the static pods of one control plane host to what the cluster file says, and what runs to what is on disk: one
 * host at a time, out of service on the load balancers meanwhile, and only while others serve. Only what differs is made
 * anew. What does not run is kubelet's to start; this waits for it.
 */
export function controlPlaneRollStep(spec: ClusterSpec, host: HostSpec, after: readonly StepId[]): HostStep<Found> {
  const certificate = apiServerCertificate(host);
  const conditions: NonEmpty<Condition<HostLook>> = [
    staticPodsRun(spec, host),
    apiServerReady(host),
    certificateServed(spec, host),
    certificatesLast(spec, host),
  ];
  return {
    id: controlPlaneStepId("roll", host.name),
    title: `Run the control plane of ${host.name} as the cluster file says`,
    phase: "control-plane",
    on: host.name,
    after,
    locks: [controlPlaneRolloutLock],
    impact: "restarts-component",
    async check(look) {
      const [{ birth }, drifts, served, ending] = await Promise.all([
        look.fact(controlPlaneTraces),
        staticPodDrifts(look, spec, host),
        look.fact(certificate),
        dueCertificates(look, spec),
      ]);
      if (birth !== "init-done" && birth !== "join-done") {
        const until = controlPlaneStepId("join", host.name);
        return { state: "unknown", until, because: `${host.name} is not part of the control plane yet` };
      }
      const reissue = await reissueReason(look, spec, host, served);
      const due = reissue === undefined ? ending : ending.filter((one) => one.path !== apiServerCertificatePath);
      const differs = drifts.length > 0 || reissue !== undefined || due.length > 0;
      const verdicts = differs ? [] : await Promise.all(conditions.map((one) => one.holds(look)));
      const waiting = verdicts.flatMap((verdict, index): Change[] => {
        if (verdict.state !== "not-yet") return [];
        return [{ verb: "run", what: `wait for ${conditions[index]?.title ?? ""}`, because: verdict.because }];
      });
      const issuing = reissue === undefined ? [] : [issueAnew(reissue)];
      const renewing = due.map((one) => renewalOf(one, look.now()));
      const [first, ...rest] = [...issuing, ...renewing, ...drifts.map(changeOfStaticPod), ...waiting];
      const stale = !differs && servesAnother(served);
      const found: Found = { drifts, due, reissue: reissue !== undefined, stale };
      if (first !== undefined) return { state: "needed", found, changes: [first, ...rest] };
      return { state: "satisfied", because: "its static pods are made from the cluster file, and run" };
    },
    async apply(act, { drifts: seen, due, reissue, stale }) {
      if (reissue) await reissueApiServerCertificate(act);
      await renewCertificates(act, due);
      // What reads a renewed kubeconfig only when it starts.
      const drifts = due.length === 0 ? seen : await staticPodDrifts(act, spec, host);
      // It would have taken a new one within a minute by itself; what it shows instead is of unknown age.
      const toMend = stale ? [...drifts, ...(await restartOfApiServer(act, spec))] : drifts;
      const serves = toMend.some((drift) => drift.state.pod.serves);
      if (serves) {
        await requireOthers(act, spec, host, toMend);
        await takeOutOfService(act, spec, host);
      }
      for (const drift of toMend) await mendStaticPod(act, spec, host, drift);
      if (!serves) return;
      await awaitApiServer(act, host);
      await bringIntoService(act, spec, host);
    },
    release: (act) => bringIntoService(act, spec, host),
    verify: conditions,
  };
}

interface Found {
  readonly drifts: readonly StaticPodDrift[];
  /** Certificates that are near their end. */
  readonly due: readonly KubeadmCertificate[];
  /** kubeadm has to issue the API server's certificate anew. */
  readonly reissue: boolean;
  /** Another certificate is served than the one on disk, and nothing else is the reason. */
  readonly stale: boolean;
}

/** kubeadm keeps what is there, so it has to go first. */
async function reissueApiServerCertificate(act: HostAct): Promise<void> {
  for (const path of [apiServerCertificatePath, apiServerKeyPath]) await act.change({ kind: "remove", path });
  await act.change(kubeadmRun(["init", "phase", "certs", "apiserver", "--config", kubeadmConfigPath]));
}

async function restartOfApiServer(act: HostAct, spec: ClusterSpec): Promise<readonly StaticPodDrift[]> {
  const servers = staticPods(spec).filter((pod) => pod.name === "kube-apiserver");
  const states = await act.fact(staticPodStates(servers));
  return states.map((state) => ({ state, how: "restart", because: "it serves another certificate" }));
}

/** Without the authority the vault is refused elsewhere. */
async function reissueReason(
  look: Pick<HostLook, "vault" | "now">,
  spec: ClusterSpec,
  host: HostSpec,
  found: ApiServerCertificate,
): Promise<string | undefined> {
  const authority = await readAuthority(look, clusterAuthority);
  if (authority === undefined) return undefined;
  return whyReissue(spec, host, found, { authority: authority.certificate, now: look.now() });
}

function issueAnew(because: string): Change {
  return { verb: "update", what: `certificate ${apiServerCertificatePath}`, to: "issued anew", because };
}

function certificateServed(spec: ClusterSpec, host: HostSpec): Condition<HostLook> {
  const certificate = apiServerCertificate(host);
  return {
    title: `API server on ${host.name} to serve its certificate`,
    everyMs: 1000,
    withinMs: 120_000,
    async holds(look) {
      const found = await look.fact(certificate);
      const reissue = await reissueReason(look, spec, host, found);
      if (reissue !== undefined) return { state: "not-yet", because: `${apiServerCertificatePath}: ${reissue}` };
      if (found.served === undefined) return { state: "not-yet", because: "nobody answers" };
      return servesAnother(found)
        ? { state: "not-yet", because: `it is not the one in ${apiServerCertificatePath}` }
        : { state: "met" };
    },
  };
}

function certificatesLast(spec: ClusterSpec, host: HostSpec): Condition<HostLook> {
  return {
    title: `certificates kubeadm has issued on ${host.name} to be valid for a while`,
    everyMs: 1000,
    withinMs: 30_000,
    async holds(look) {
      const due = await dueCertificates(look, spec);
      if (due.length === 0) return { state: "met" };
      return { state: "not-yet", because: `${due.map((one) => one.path).join(", ")}: near the end` };
    },
  };
}

function staticPodsRun(spec: ClusterSpec, host: HostSpec): Condition<HostLook> {
  return {
    title: `static pods of ${host.name} to run as declared`,
    everyMs: 1000,
    withinMs: 180_000,
    async holds(look) {
      const pods = staticPods(spec);
      const states = await look.fact(staticPodStates(pods));
      const left = states.flatMap((state) => {
        const drift = staticPodDrift(state, manifestInputs(spec, host, state.pod));
        if (drift !== undefined) return [`${state.pod.name}: ${drift.because}`];
        return state.processes.length === 0 ? [`${state.pod.name} does not run`] : [];
      });
      return left.length === 0 ? { state: "met" } : { state: "not-yet", because: left.join("; ") };
    },
  };
}

/**
 * Nobody can stand in for a single control plane, and one that does not serve takes nothing away: so what silences all of
 * them can be mended. Of several, others have to serve, and etcd has to keep its quorum.
 */
async function requireOthers(
  act: Act,
  spec: ClusterSpec,
  host: HostSpec,
  drifts: readonly StaticPodDrift[],
): Promise<void> {
  const hosts = controlPlaneHosts(spec);
  if (hosts.length === 1) return;
  const others = hosts.filter((one) => one.name !== host.name);
  const stopsMember = drifts.some((drift) => drift.state.pod.name === "etcd");
  const [serves, othersServe, member] = await Promise.all([
    isReady(act, host),
    Promise.all(others.map((one) => isReady(act, one))),
    stopsMember ? mayStopStackedMember(act, spec, host) : undefined,
  ]);
  const isAlone = serves && !othersServe.includes(true);
  if (!isAlone && member?.allowed !== false) return;
  throw new ProblemError({
    code: "kubernetes/control-plane-at-risk",
    severity: "error",
    message: `the control plane of ${host.name} cannot be restarted`,
    because: isAlone
      ? `no other API server is ready (asked ${others.map((one) => one.name).join(", ")})`
      : `of etcd, ${member?.because ?? ""}`,
    hint: { text: "Bring the other control planes back first", command: "slipway status" },
    where: { host: host.name },
  });
}

async function isReady(act: Pick<Act, "factOf">, host: HostSpec): Promise<boolean> {
  try {
    const readyz = kubeReplies(ownApiServer(host), [{ method: "GET", path: "/readyz" }]);
    const { failure, replies } = await act.factOf(host.name, readyz);
    return failure === undefined && replies[0]?.status === 200;
  } catch (cause) {
    // A host that is away serves nobody.
    if (cause instanceof ProblemError && cause.problem.code.startsWith("ssh/")) return false;
    throw cause;
  }
}
