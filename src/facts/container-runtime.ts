import type { Read } from "../hosts/port.ts";
import type { Fact } from "./fact.ts";
import { commandOf, isCommandMissing, notUnderstood } from "./not-understood.ts";

/** Whether containerd answers, with the plugin the kubelet talks to loaded; if not, why, as a statement. */
export type ContainerRuntime = { readonly serves: true } | { readonly serves: false; readonly because: string };

const argv = ["ctr", "--connect-timeout", "3s", "plugins", "ls"];
const asked = argv.join(" ");
const reads: readonly Read[] = [{ kind: "run", argv, timeoutMs: 15_000 }];

/**
 * What the running containerd says of its CRI plugin. One with a bad setting for that plugin runs on without it, its
 * service is active all the same, and the kubelet has nobody to talk to. Seen with 1.6.20.
 */
export const containerRuntime: Fact<ContainerRuntime> = {
  name: "container-runtime",
  reads,
  parse([answer]) {
    if (isCommandMissing(answer)) return { serves: false, because: "ctr is not installed" };
    const { exitCode, stdout, stderr } = commandOf("container-runtime", asked, answer);
    if (exitCode !== 0) {
      const said = stderr.toString("utf8").trim().split("\n").at(-1);
      return { serves: false, because: said || `ctr ended with exit code ${exitCode}` };
    }
    const rows = stdout.toString("utf8").split("\n");
    if (!/^TYPE\s+ID\s/.test(rows[0] ?? "")) {
      throw notUnderstood("container-runtime", asked, answer, "its first line has no TYPE and ID");
    }
    const cri = rows.map((row) => row.trim().split(/\s+/)).find(([type, id]) => type === criType && id === "cri");
    const status = cri?.at(-1) ?? "missing";
    return status === "ok"
      ? { serves: true }
      : { serves: false, because: `the state of its CRI plugin is "${status}"` };
  },
};

/** The same in 1.x and 2.x; in 2.x it stands on further plugins and fails with them. */
const criType = "io.containerd.grpc.v1";
