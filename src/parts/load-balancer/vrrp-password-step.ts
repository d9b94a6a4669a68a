import { randomInt } from "node:crypto";
import type { ClusterStep, StepId } from "../../engine/step.ts";
import { Secret } from "../../hosts/secret.ts";
import { vrrpPasswordName } from "./layout.ts";

export const vrrpPasswordStepId = "load-balancer.password" as StepId;

const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
/** VRRP version 2 has room for eight bytes. RFC 2338 §5.3.10 */
const length = 8;

/** Makes the password the load balancers know each other by, once. */
export function vrrpPasswordStep(): ClusterStep<true> {
  return {
    id: vrrpPasswordStepId,
    title: "Make the password of the load balancers",
    phase: "load-balancer",
    on: "cluster",
    after: [],
    impact: "none",
    async check(look) {
      if ((await look.vault.read(vrrpPasswordName)) !== undefined) {
        return { state: "satisfied", because: "the vault has the VRRP password" };
      }
      return { state: "needed", found: true, changes: [{ verb: "create", what: `secret ${vrrpPasswordName}` }] };
    },
    async apply(act) {
      const letters = Array.from({ length }, () => alphabet[randomInt(alphabet.length)]);
      await act.vault.write(vrrpPasswordName, new Secret(letters.join("")));
    },
    verify: [
      {
        title: "VRRP password to be in the vault",
        everyMs: 1000,
        withinMs: 10_000,
        holds: async (look) =>
          (await look.vault.read(vrrpPasswordName)) === undefined
            ? { state: "not-yet", because: "the vault does not have it" }
            : { state: "met" },
      },
    ],
  };
}
