import { dirname } from "node:path";
import type { HostName } from "../hosts/port.ts";
import { checkHostKey, type HostKeyState, type ScannedHostKey, trustHostKey } from "../hosts/trust.ts";
import { exitCode } from "../problems/exit-code.ts";
import { foldedNames } from "../problems/fold-names.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import { makeFolder } from "../state/make-folder.ts";
import { writeProblem } from "../state/write-problem.ts";
import { askYesNo, canAsk } from "./ask.ts";
import { commandFor } from "./command-for.ts";
import { openCluster } from "./open-cluster.ts";
import { knownHostsFile, sshTargets } from "./open-hosts.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";
import { requireHosts } from "./require-hosts.ts";
import { type Trusted, trustInRounds } from "./trust-rounds.ts";

/** `slipway hosts trust`: all hosts are looked at at once, questions come one by one. Goes on past hosts that do not answer. */
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
  // A jump host's sshd drops log-ins beyond ten that are not done yet (MaxStartups, sshd_config(5)).
  const { results, problems } = await trustInRounds(wanted, {
    atOnce: [...targets.values()].some(({ proxyJump = "none" }) => proxyJump !== "none") ? 8 : 64,
    look,
    approve: async (host, found) => {
      const place = found.isJump ? `its jump host ${found.at}` : found.at;
      const keys = found.keys.map((key) => `  ${key.type} ${key.fingerprint}\n`);
      process.stderr.write(`${host} (${place}) offers:\n${keys.join("")}`);
      const agreed =
        options.yes === true || (canAsk() && (await askYesNo(`Is this the key of ${found.isJump ? place : host}?`)));
      if (agreed) await record(file, found.keys);
      return agreed;
    },
  });
  printResult(results, options.output, () => results.map(lineOf).join("\n"));
  const left = results.flatMap((one) => (one.state === "not recorded" ? [one.host] : []));
  const isUnasked = left.length > 0 && options.yes !== true && !canAsk();
  const [first, ...rest] = [...problems, ...(isUnasked ? [notAsked(left, options)] : [])];
  if (first !== undefined) throw new ProblemError([first, ...rest]);
  if (left.length > 0) process.exitCode = exitCode.refused;
}

/** The keys of the others were shown when they were asked about. */
function lineOf({ host, state, fingerprints }: Trusted): string {
  return state === "trusted" ? `${host}: trusted  ${fingerprints.join("  ")}` : `${host}: ${state}`;
}

async function record(file: string, keys: readonly ScannedHostKey[]): Promise<void> {
  try {
    await makeFolder(dirname(file));
    await trustHostKey(file, keys);
  } catch (error) {
    throw writeProblem(file, error);
  }
}

function notAsked(hosts: readonly string[], { file }: GlobalOptions): Problem {
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
