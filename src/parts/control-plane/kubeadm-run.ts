import type { HostChange } from "../../hosts/port.ts";
import type { Secret } from "../../hosts/secret.ts";

/** One kubeadm at a time on a host: one that an interrupted run has left behind may still be at work. */
const lockPath = "/run/lock/slipway-kubeadm.lock";
/** Images are pulled, the control plane starts, the kubelet gets its identity; each has a deadline of kubeadm's own. */
const longestMs = 15 * 60_000;
/** Seconds one of our own is waited for. */
const longestWait = 300;

/** A run of kubeadm on a host. `stdin` is the only way for a token to get in. */
export function kubeadmRun(words: readonly string[], stdin?: Secret): HostChange {
  return {
    kind: "run",
    argv: ["flock", "--timeout", String(longestWait), lockPath, "kubeadm", ...words],
    timeoutMs: longestMs,
    ...(stdin === undefined ? {} : { stdin }),
  };
}

/**
 * Ends what an interrupted run has left of kubeadm on a host: it would wait minutes for a kubelet whose token is gone, and
 * those queued behind it would start with theirs. It may be ended at any moment: what it has made is taken up. Nobody
 * else's kubeadm has Slipway's files.
 */
export const endLeftoverKubeadm: HostChange = {
  kind: "run",
  // The brackets keep this very command from being what it looks for.
  argv: ["pkill", "-KILL", "-f", "slipway-kubeadm[.]lock kubeadm |^kubeadm .*--config /etc/kubernetes/slipway/"],
  okExitCodes: [0, 1],
};
