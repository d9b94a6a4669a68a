import type { Fact } from "./fact.ts";
import { isCommandMissing, notUnderstood, outputOf } from "./not-understood.ts";

/** How many files a service may have open unless its unit says otherwise; "infinity" or a number. */
export interface ManagerLimits {
  readonly softOpenFiles: string;
  readonly hardOpenFiles: string;
}

const argv = ["systemctl", "show", "--property=DefaultLimitNOFILE,DefaultLimitNOFILESoft"];
const asked = argv.join(" ");

/** Limits the running systemd gives to services; undefined on a host without systemctl. */
export const managerLimits: Fact<ManagerLimits | undefined> = {
  name: "manager-limits",
  reads: [{ kind: "run", argv }],
  parse([answer]) {
    if (isCommandMissing(answer)) return undefined;
    const output = outputOf("manager-limits", asked, answer);
    const hard = /^DefaultLimitNOFILE=(\S+)$/m.exec(output)?.[1];
    const soft = /^DefaultLimitNOFILESoft=(\S+)$/m.exec(output)?.[1];
    if (hard === undefined || soft === undefined) {
      throw notUnderstood("manager-limits", asked, answer, "it does not have both limits");
    }
    return { softOpenFiles: soft, hardOpenFiles: hard };
  },
};
