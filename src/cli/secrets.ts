import { rotateEncryptionKey } from "../plans/rotate-encryption-key.ts";
import { type ApplyOptions, apply } from "./apply.ts";

/** `slipway secrets rotate-key`: like apply, with the rotation as its plan. */
export async function secretsRotateKey(options: Omit<ApplyOptions, "diff">): Promise<void> {
  await apply(undefined, { ...options, diff: "none", intention: rotateEncryptionKey });
}
