import type { HostName } from "../hosts/port.ts";
import { checkHostKey, type HostKeyState, trustHostKey } from "../hosts/trust.ts";
import { exitCode } from "../problems/exit-code.ts";
import { foldedNames } from "../problems/fold-names.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import { askYesNo, canAsk } from "./ask.ts";
import { commandFor } from "./command-for.ts";
import { openCluster } from "./open-cluster.ts";
import { knownHostsFile, sshTargets } from "./open-hosts.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";
import { requireHosts } from "./require-hosts.ts";

interface Trusted {
  readonly host: string;
  readonly state: "trusted" | "recorded" | "not recorded";
  readonly fingerprints: readonly string[];
}

/** `slipway hosts trust`: host after host, since each answer may be a question. Goes on past hosts that do not answer. */
export async function hostsTrust(names: readonly string[], options: GlobalOptions & { yes?: boolean }): Promise<void> {
  const cluster = openCluster(options.file);
  const wanted = requireHosts(cluster.spec, names.length === 0 ? undefined : names);
  const file = knownHostsFile(cluster);
  const settings = { knownHostsFile: file, keepAliveSeconds: 0, connectSeconds: 15 };
  const targets = sshTargets(cluster);
  const look = (host: HostName): Promise<HostKeyState | Problem> => {
    const target = targets.get(host);
    if (target === undefined) throw new Error(`no ssh target for ${host}`);
    return checkHostKey(host, target, settings).catch((error: unknown) => {
      if (error instanceof ProblemError) return error.problem;
      throw error;
    });
  };
  const problems: Problem[] = [];
  const unasked: HostName[] = [];
  const results: Trusted[] = [];
  for (const host of wanted) {
    const fingerprints: string[] = [];
    let state: Trusted["state"] | undefined;
    while (state === undefined) {
      const found = await look(host);
      if ("code" in found || found.state === "changed") {
        problems.push("code" in found ? found : found.problem);
        break;
      }
      if (found.state === "trusted") {
        state = fingerprints.length > 0 ? "recorded" : "trusted";
        break;
      }
      const shown = found.keys.map((key) => `${key.type} ${key.fingerprint}`);
      fingerprints.push(...shown);
      const place = found.isJump ? `its jump host ${found.at}` : found.at;
      process.stderr.write(`${host} (${place}) offers:\n${shown.map((line) => `  ${line}\n`).join("")}`);
      if (options.yes !== true && !canAsk()) unasked.push(host);
      if (options.yes === true || (canAsk() && (await askYesNo(`Is this the key of ${found.isJump ? place : host}?`))))
        await trustHostKey(file, found.keys);
      else state = "not recorded";
    }
    if (state !== undefined) results.push({ host, state, fingerprints });
  }
  printResult(results, options.output, () => results.map((one) => `${one.host}: ${one.state}`).join("\n"));
  if (unasked.length > 0) problems.push(notAsked(unasked, options));
  const [first, ...rest] = problems;
  if (first !== undefined) throw new ProblemError([first, ...rest]);
  if (results.some((one) => one.state === "not recorded")) process.exitCode = exitCode.refused;
}

function notAsked(hosts: readonly HostName[], { file }: GlobalOptions): Problem {
  return {
    code: "usage/no-approval",
    severity: "error",
    message: `${foldedNames(hosts, 8)}: the host keys shown above were not recorded`,
    because: "there is no terminal to ask on",
    hint: {
      text: "compare the fingerprints by other means, then run it with --yes",
      command: commandFor(file, `hosts trust ${hosts.length > 8 ? "" : `${hosts.join(" ")} `}--yes`),
    },
  };
}
