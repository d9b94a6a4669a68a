import type { Change, HostAct } from "../engine/step.ts";
import { laterSysctls } from "../facts/sysctl-files.ts";
import { normalSysctl, sysctls } from "../facts/sysctls.ts";
import { ProblemError } from "../problems/problem.ts";
import type { Comparison, Resource } from "./resource.ts";

export interface SysctlOptions {
  /**
   * Keys by the resource that brings them: {"net.bridge.bridge-nf-call-iptables": "kernel module br_netfilter"}. While
   * that resource is still to be made, a key that is missing is going to be there.
   */
  readonly broughtBy?: Readonly<Record<string, string>>;
  /** The file that sets them at boot. Where they differ, files that set them otherwise after it are named. */
  readonly file?: string;
}

/**
 * Kernel settings as they are at run time; their file in /etc/sysctl.d is a `file` of its own. A key the kernel does not
 * have is named as not applicable and is no drift. Throws `host/sysctl-refused` when the kernel keeps another value.
 */
export function sysctl(settings: Readonly<Record<string, string>>, options: SysctlOptions = {}): Resource {
  const wanted = new Map(Object.entries(settings).map(([key, value]) => [key, normalSysctl(value)]));
  const fact = sysctls([...wanted.keys()]);
  const later = options.file === undefined ? undefined : laterSysctls(options.file);
  return {
    key: "sysctl",
    reads: wanted.size === 0 ? [] : fact.reads,
    compare(answers, changed): Comparison {
      if (wanted.size === 0) return { state: "same" };
      const now = fact.parse(fact.reads.map((read) => answers.of(read)));
      const differs = [...wanted].some(([key, to]) => now.has(key) && now.get(key) !== to);
      const [ask, ...more] = differs ? (later?.reads ?? []) : [];
      if (ask !== undefined && !answers.has(ask)) return { state: "read-more", reads: [ask, ...more] };
      const others = ask === undefined ? [] : (later?.parse([ask, ...more].map((read) => answers.of(read))) ?? []);
      const changes: Change[] = [];
      const missing: string[] = [];
      const assignments: [string, string][] = [];
      for (const [key, to] of wanted) {
        const from = now.get(key);
        if (from === to) continue;
        const coming = options.broughtBy?.[key];
        if (from === undefined && (coming === undefined || !changed.has(coming))) {
          missing.push(key);
          continue;
        }
        const rival = others.findLast((one) => one.key === key && one.value !== to);
        changes.push({
          verb: "update",
          what: `sysctl ${key}`,
          ...(from === undefined ? {} : { from }),
          to,
          ...(rival && { because: `${rival.path} sets it to ${rival.value} at boot, after ${options.file}` }),
        });
        assignments.push([key, to]);
      }
      const [first, ...rest] = changes;
      if (first !== undefined) return { state: "different", changes: [first, ...rest], make: assign(assignments) };
      return missing.length === 0 ? same : { state: "same", note: notApplicable(missing) };
    },
  };
}

const same: Comparison = { state: "same" };

function notApplicable(keys: readonly string[]): string {
  const [is, has] = keys.length === 1 ? ["is", "it"] : ["are", "them"];
  return `${keys.join(", ")} ${is} not applicable: this kernel does not have ${has}`;
}

/** One command for all, then a look at which values the kernel did not take. */
function assign(assignments: readonly (readonly [string, string])[]): (act: HostAct) => Promise<void> {
  return async (act) => {
    const result = await act.change({
      kind: "run",
      argv: ["sysctl", "-q", "-w", "--", ...assignments.map(([key, value]) => `${key}=${value}`)],
      okExitCodes: [0, 1, 255],
    });
    const now = await act.fact(sysctls(assignments.map(([key]) => key)));
    const refused = assignments.filter(([key, value]) => now.has(key) && now.get(key) !== value);
    if (refused.length === 0) return;
    const [key] = refused[0] ?? [""];
    const reason = result.stderr.toString("utf8").trim().split("\n").slice(-5);
    throw new ProblemError({
      code: "host/sysctl-refused",
      severity: "error",
      message: `kernel settings cannot be changed: ${refused.map(([one]) => one).join(", ")}`,
      because: refused.map(([one, value]) => `${one} stays ${now.get(one)}, wanted ${value}`).join("; "),
      hint: { text: "In a container, set it on the machine that runs it, or leave it out", command: `sysctl ${key}` },
      evidence: { command: "sysctl -q -w", exitCode: result.exitCode, lastLines: reason },
    });
  };
}
