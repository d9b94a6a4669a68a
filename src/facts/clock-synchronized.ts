import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";

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
    const { exitCode, stdout } = commandOf("clock-synchronized", asked, answer);
    if (exitCode !== 0) return undefined;
    const value = /^NTPSynchronized=(yes|no)$/m.exec(stdout.toString("utf8"))?.[1];
    if (value === undefined) throw notUnderstood("clock-synchronized", asked, answer, "it has no NTPSynchronized line");
    return value === "yes";
  },
};
