import type { Impact } from "./step.ts";

/**
 * True for what nobody can take back: it is never done unless the plan showed it, and not cut in the middle, because half
 * of such a change is worse than all or none of it.
 */
export function isIrreversible({ impact }: { readonly impact: Impact }): boolean {
  return impact === "changes-etcd-membership" || impact === "destroys-data";
}
