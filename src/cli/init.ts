import { existsSync } from "node:fs";
import { isIP } from "node:net";
import { ProblemError } from "../problems/problem.ts";
import { type ClusterAnswers, renderClusterFile } from "../spec/init-cluster.ts";
import { writeAtomically } from "../state/write-atomically.ts";
import { askText, canAsk } from "./ask.ts";
import { commandFor } from "./command-for.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";

/** Options of `slipway init`; host lists are "name=address". */
export interface InitOptions extends GlobalOptions {
  readonly name?: string;
  readonly loadBalancers?: readonly string[];
  readonly controlPlanes?: readonly string[];
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
  const text = renderClusterFile(toAnswers(answers), `${options.file} (not written)`);
  await writeAtomically(options.file, text, 0o644);
  printResult(
    { file: options.file },
    options.output,
    () => `Wrote ${options.file}. Next: ${commandFor(options.file, "hosts trust")}`,
  );
}

async function ask(options: InitOptions): Promise<InitOptions> {
  const list = async (message: string, placeholder: string): Promise<readonly string[]> => {
    const isList = (value: string) =>
      hostList(value).every(isHost) ? undefined : "Write name=address, separated by commas";
    return hostList(await askText(message, { placeholder, initialValue: "", validate: isList }));
  };
  const required = (value: string) => (value.trim() === "" ? "This is needed" : undefined);
  const name = options.name ?? (await askText("Name of the cluster", { placeholder: "prod", validate: required }));
  const controlPlanes = await list(
    "Control plane hosts (an odd number; etcd runs there too)",
    "cp-1=10.0.0.11, cp-2=10.0.0.12, cp-3=10.0.0.13",
  );
  const workers = options.workers ?? (await list("Worker hosts", "w-1=10.0.0.21, w-2=10.0.0.22"));
  const loadBalancers =
    options.loadBalancers ??
    (await list(
      "Load balancer hosts (none: you have a load balancer, or one control plane)",
      "lb-1=10.0.0.2, lb-2=10.0.0.3",
    ));
  const vip =
    options.vip ??
    (loadBalancers.length > 0
      ? await askText("Virtual IP with prefix length, in the load balancers' network", {
          placeholder: "10.0.0.10/24",
          validate: required,
        })
      : undefined);
  const isBehindAnother = loadBalancers.length === 0 && controlPlanes.length > 1;
  const endpoint =
    options.endpoint ??
    (isBehindAnother
      ? await askText("Name or address of your load balancer", {
          placeholder: "api.example.com",
          validate: required,
        })
      : undefined);
  const sshUser =
    options.sshUser ??
    (await askText("User to log in as (not root: with sudo without password)", { initialValue: "root" }));
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

function hostList(text: string): string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function isHost(text: string): boolean {
  return /^[^=\s]+=[^=\s]+$/.test(text);
}

function toAnswers(options: InitOptions): ClusterAnswers {
  const { loadBalancers = [], controlPlanes = [], workers = [], vip, endpoint, sshUser } = options;
  requireComplete(options);
  const [address, prefix = "24"] = vip?.split("/") ?? [];
  return {
    name: options.name ?? "",
    kubernetesVersion: options.kubernetesVersion,
    hosts: hostsOf([
      [loadBalancers, ["load-balancer"]],
      [controlPlanes, ["control-plane", "etcd"]],
      [workers, ["worker"]],
    ]),
    ...(endpoint !== undefined && isIP(endpoint) === 0 && { endpointName: endpoint }),
    ...(loadBalancers.length === 0 &&
      vip === undefined &&
      endpoint !== undefined && { external: isIP(endpoint) === 0 ? {} : { address: endpoint } }),
    ...(address !== undefined && { virtualIp: { address, prefix: Number(prefix) } }),
    ...(sshUser !== undefined && sshUser !== "root" && { ssh: { user: sshUser, sudo: "passwordless" as const } }),
  };
}

type Roles = ClusterAnswers["hosts"][number]["roles"];

/** A host that is named twice with the same address has the roles of both places. */
function hostsOf(groups: readonly (readonly [words: readonly string[], roles: Roles])[]): ClusterAnswers["hosts"] {
  const rolesOf = new Map<string, Roles>();
  for (const [words, roles] of groups)
    for (const word of words) rolesOf.set(word, [...new Set([...(rolesOf.get(word) ?? []), ...roles])]);
  return [...rolesOf].map(([word, roles]) => ({
    name: word.slice(0, word.indexOf("=")),
    address: word.slice(word.indexOf("=") + 1),
    roles,
  }));
}

function requireComplete({
  name,
  loadBalancers = [],
  controlPlanes = [],
  workers = [],
  vip,
  endpoint,
}: InitOptions): void {
  const wrong = [...loadBalancers, ...controlPlanes, ...workers].filter((word) => !isHost(word));
  const isBehindNothing = loadBalancers.length === 0 && vip === undefined && endpoint === undefined;
  const missing = [
    ...(name === undefined ? ["--name"] : []),
    ...(controlPlanes.length === 0 ? ["--control-planes"] : []),
    ...(loadBalancers.length > 0 && vip === undefined ? ["--vip"] : []),
    ...(controlPlanes.length > 1 && isBehindNothing ? ["--load-balancers with --vip, or --endpoint,"] : []),
  ];
  if (wrong.length === 0 && missing.length === 0) return;
  throw new ProblemError({
    code: "usage/init-incomplete",
    severity: "error",
    message: "no cluster file was written",
    because: [
      ...wrong.map((word) => `"${word}" is not name=address`),
      ...(missing.length === 0
        ? []
        : [
            `${missing.join(", ")} missing, and ${canAsk() ? "with --control-planes nothing is asked" : "there is no terminal to ask on"}`,
          ]),
    ].join("; "),
    hint: {
      text: "give all of them",
      command:
        "slipway init --name prod --control-planes cp-1=10.0.0.11,cp-2=10.0.0.12,cp-3=10.0.0.13 --workers w-1=10.0.0.21 --load-balancers lb-1=10.0.0.2,lb-2=10.0.0.3 --vip 10.0.0.10/24",
    },
  });
}
