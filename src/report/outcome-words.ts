import type { Outcome } from "../engine/events.ts";
import { groupedDigits } from "./grouped-digits.ts";

/** How a step ended, in the words of tables and lines. */
export const outcomeWords: Readonly<Record<Outcome["outcome"], string>> = {
  satisfied: "satisfied",
  applied: "applied",
  failed: "failed",
  unverified: "not verified",
  refused: "refused",
  "not-started": "not started",
  cancelled: "cancelled",
};

/** "12 applied, 3 satisfied, 1 failed": outcomes that occurred, in a fixed order; "nothing" when none did. */
export function outcomeCounts(outcomes: Readonly<Record<Outcome["outcome"], number>>): string {
  const order: readonly Outcome["outcome"][] = [
    "applied",
    "satisfied",
    "failed",
    "unverified",
    "refused",
    "cancelled",
    "not-started",
  ];
  const parts = order
    .filter((outcome) => outcomes[outcome] > 0)
    .map((outcome) => `${groupedDigits(outcomes[outcome])} ${outcomeWords[outcome]}`);
  return parts.length === 0 ? "nothing" : parts.join(", ");
}
