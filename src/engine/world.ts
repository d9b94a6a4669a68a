import type { Hosts } from "../hosts/port.ts";
import type { Clock } from "./clock.ts";
import type { Vault } from "./step.ts";

/** Everything the engine gets from outside: real machines, a test's fakes, or the twin. */
export interface World {
  readonly hosts: Hosts;
  readonly vault: Vault;
  readonly clock: Clock;
  /** From 0 to under 1. Given: ready steps start in shuffled order, so that a missing `after` shows in tests. */
  readonly random?: () => number;
  /** Takes secrets out of a text that is about to be shown or journalled. */
  readonly mask?: (text: string) => string;
}
