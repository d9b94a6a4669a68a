import { existsSync } from "node:fs";
import { ProblemError } from "../problems/problem.ts";
import { renderClusterFile } from "../spec/init-cluster.ts";
import { writeAtomically } from "../state/write-atomically.ts";
import { askText, canAsk } from "./ask.ts";
import { checkAnswer, checkHosts, type Question } from "./check-answer.ts";
import { commandFor } from "./command-for.ts";
import { initAnswers } from "./init-answers.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";

/** Options of `slipway init`; host lists are "name=address". */
export interface InitOptions extends GlobalOptions {
  readonly name?: string;
  readonly loadBalancers?: readonly string[];
  readonly controlPlanes?: readonly string[];
  /** Hosts of external etcd; without, etcd is on the control planes. */
  readonly etcd?: readonly string[];
  readonly workers?: readonly string[];
  readonly vip?: string;
  /** Name or address of the API endpoint; the load balancer's, when no host is one. */
  readonly endpoint?: string;
  readonly sshUser?: string;
  readonly kubernetesVersion: string;
  readonly force?: boolean;
}

/** `slipway init`: asks for what no flag gave, when there is a terminal. */
export async function init(options: InitOptions): Promise<void> {
  if (existsSync(options.file) && options.force !== true) {
    throw new ProblemError({
      code: "usage/file-exists",
      severity: "error",
      message: `${options.file} was not written`,
      because: "there is one already, and Slipway does not overwrite a cluster file by itself",
      hint: { text: "name another file with -f, or overwrite it", command: "slipway init --force" },
    });
  }
  const answers = canAsk() && options.controlPlanes === undefined ? await ask(options) : options;
  const text = renderClusterFile(initAnswers(answers), `${options.file} (not written)`);
  await writeAtomically(options.file, text, 0o644);
  printResult(
    { file: options.file },
    options.output,
    () => `Wrote ${options.file}. Next: ${commandFor(options.file, "hosts trust")}`,
  );
}

async function ask(options: InitOptions): Promise<InitOptions> {
  const { etcd = [], workers: givenWorkers = [], loadBalancers: givenBalancers = [] } = options;
  const before: string[] = [...etcd, ...givenWorkers, ...givenBalancers];
  const hosts = async (message: string, placeholder: string, check: HostCheck = () => undefined) => {
    const validate = (value: string) => checkHosts(hostList(value), before) ?? check(hostList(value));
    const words = hostList(await askText(message, { placeholder, initialValue: "", validate }));
    before.push(...words);
    return words;
  };
  const one = async (question: Question, message: string, shown: { placeholder?: string; initialValue?: string }) =>
    await askText(message, { ...shown, validate: (value) => checkAnswer(question, value, before) });

  const wrongName = options.name === undefined ? undefined : checkAnswer("name", options.name);
  if (wrongName !== undefined) throw notTaken("--name", wrongName);
  const name = options.name ?? (await one("name", "Name of the cluster", { placeholder: "prod" }));
  const isStacked = options.etcd === undefined;
  const controlPlanes = await hosts(
    `Control plane hosts${isStacked ? " (an odd number; etcd runs there too)" : ""}`,
    "cp-1=10.0.0.11, cp-2=10.0.0.12, cp-3=10.0.0.13",
    ({ length }) => {
      if (length === 0) return "Name at least one host";
      return isStacked && length % 2 === 0
        ? `${length} are no better than ${length - 1}: etcd wants an odd number`
        : undefined;
    },
  );
  const workers = options.workers ?? (await hosts("Worker hosts", "w-1=10.0.0.21, w-2=10.0.0.22"));
  const loadBalancers =
    options.loadBalancers ??
    (await hosts(
      "Load balancer hosts (none: you have a load balancer, or one control plane)",
      "lb-1=10.0.0.2, lb-2=10.0.0.3",
    ));
  const vip =
    options.vip ??
    (loadBalancers.length > 0
      ? await one("vip", "Virtual IP with prefix length, in the load balancers' network", {
          placeholder: "10.0.0.10/24",
        })
      : undefined);
  const isBehindAnother = loadBalancers.length === 0 && controlPlanes.length > 1;
  const endpoint =
    options.endpoint ??
    (isBehindAnother
      ? await one("endpoint", "Name or address of your load balancer", { placeholder: "api.example.com" })
      : undefined);
  const sshUser =
    options.sshUser ??
    (await one("user", "User to log in as (not root: with sudo without password)", { initialValue: "root" }));
  return {
    ...options,
    name,
    controlPlanes,
    workers,
    loadBalancers,
    sshUser,
    ...(vip !== undefined && { vip }),
    ...(endpoint !== undefined && { endpoint }),
  };
}

/** What else must be true of a list of hosts; the words to say when it is not. */
type HostCheck = (words: readonly string[]) => string | undefined;

function notTaken(option: string, because: string): ProblemError {
  return new ProblemError({
    code: "usage/init-incomplete",
    severity: "error",
    message: `${option} is not taken`,
    because,
    hint: { text: "write another one, or leave it out to be asked", command: "slipway init" },
  });
}

function hostList(text: string): string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
