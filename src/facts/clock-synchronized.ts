import type { Fact } from "./fact.ts";
import { commandOf } from "./not-understood.ts";

const argv = ["timedatectl", "show", "--property=NTPSynchronized"] as const;
const asked = argv.join(" ");

/**
 * Whether the kernel counts a host's clock as synchronized. Undefined when it cannot be said: no timedatectl, or no
 * D-Bus for it to ask (minimal systems and containers).
 */
export const clockSynchronized: Fact<boolean | undefined> = {
  name: "clock-synchronized",
  reads: [{ kind: "run", argv, timeoutMs: 10_000 }],
  parse: ([answer]) => {
    const text = commandOf("clock-synchronized", asked, answer).stdout.toString("utf8");
    const value = /^NTPSynchronized=(yes|no)$/m.exec(text)?.[1];
    return value === undefined ? undefined : value === "yes";
  },
};
