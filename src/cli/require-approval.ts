import type { Plan } from "../engine/plan.ts";
import { ProblemError } from "../problems/problem.ts";
import { commandOfIntention } from "../report/command-of-intention.ts";
import { canAsk } from "./ask.ts";
import type { GlobalOptions } from "./program.ts";

/**
 * Throws `usage/no-approval` where nobody could approve the plan: before preflight measures anything. With -o json or yaml
 * nobody was shown what there is to approve.
 */
export function requireSomebodyToAsk(
  { intention }: Pick<Plan, "intention">,
  { output }: Pick<GlobalOptions, "output">,
): void {
  if (canAsk() && output === "text") return;
  const command = commandOfIntention(intention);
  throw new ProblemError({
    code: "usage/no-approval",
    severity: "error",
    message: "nothing was changed",
    because: `the plan was not approved, and ${canAsk() ? `with -o ${output} nobody is asked` : "there is no terminal to ask on"}`,
    hint: {
      text: command === "apply" ? "approve it beforehand, or apply a saved plan" : "approve it beforehand",
      command: `slipway ${command} --yes`,
    },
  });
}
