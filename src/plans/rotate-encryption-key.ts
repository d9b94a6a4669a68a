import type { Step } from "../engine/step.ts";
import { keyRotationSteps } from "../parts/control-plane/key-rotation-steps.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";

/**
 * Replaces the key Secrets are encrypted with in etcd: a new one is made and loaded everywhere, becomes the one that
 * encrypts, everything is written anew with it, and the old one is dropped once nothing in etcd needs it.
 */
export function rotateEncryptionKey(spec: ClusterSpec): {
  readonly intention: "rotate-encryption-key";
  readonly phases: readonly string[];
  readonly steps: readonly Step[];
} {
  return { intention: "rotate-encryption-key", phases: ["encryption"], steps: keyRotationSteps(spec) };
}
