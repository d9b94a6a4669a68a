import type { HostChange } from "../../hosts/port.ts";
import type { Secret } from "../../hosts/secret.ts";

/** One kubeadm at a time on a host: one that an interrupted run has left behind may still be at work. */
const lockPath = "/run/lock/slipway-kubeadm.lock";
/** Images are pulled, the control plane starts, the kubelet gets its identity; each has a deadline of kubeadm's own. */
const longestMs = 15 * 60_000;
/** Seconds a kubeadm that is left over is waited for; it is killed by nobody, and ends by its own deadlines. */
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
