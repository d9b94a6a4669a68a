import { existsSync } from "node:fs";
import { showWords } from "../hosts/quote.ts";
import { endpointUrl, kubeconfig } from "../parts/control-plane/kubeconfig.ts";
import { clusterAuthority, readAuthority } from "../parts/control-plane/kubernetes-authorities.ts";
import { ProblemError } from "../problems/problem.ts";
import { writeAtomically } from "../state/write-atomically.ts";
import { openCluster } from "./open-cluster.ts";
import { openWorld } from "./open-world.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";

export interface KubeconfigOptions extends GlobalOptions {
  readonly out?: string;
  readonly user: string;
  readonly group: readonly string[];
  readonly days?: number;
  readonly force?: boolean;
}

/**
 * `slipway kubeconfig`: asks no host, because the authority is in the vault. Throws `usage/file-exists` and
 * `kubernetes/no-authority`.
 */
export async function writeKubeconfig(options: KubeconfigOptions): Promise<void> {
  const cluster = openCluster(options.file);
  const { spec } = cluster;
  const path = options.out ?? `${spec.name}.kubeconfig`;
  if (path !== "-" && options.force !== true && existsSync(path)) throw fileExists(path);
  await using world = openWorld(cluster);
  const authority = await readAuthority(world, clusterAuthority);
  if (authority === undefined) throw noAuthority();
  const validForDays = options.days ?? spec.kubernetes.certificateValidityDays;
  const user = { name: options.user, groups: options.group, validForDays };
  const made = await kubeconfig(spec, authority, user, world.clock.now());
  if (path === "-") {
    process.stdout.write(made.reveal());
    return;
  }
  await writeAtomically(path, made.reveal(), 0o600);
  const result = { path, server: endpointUrl(spec), user: user.name, groups: user.groups, validForDays };
  printResult(result, options.output, () => written(result));
}

function written(result: {
  path: string;
  server: string;
  user: string;
  groups: readonly string[];
  validForDays: number;
}): string {
  const { path, server, user, groups, validForDays } = result;
  const inGroups = groups.length === 0 ? "" : ` in ${groups.join(", ")}`;
  return `${path} lets ${user}${inGroups} use ${server} for ${validForDays} days\n\n  ${showWords(["kubectl", "--kubeconfig", path, "get", "nodes"])}`;
}

function fileExists(path: string): ProblemError {
  return new ProblemError({
    code: "usage/file-exists",
    severity: "error",
    message: `${path} was not written`,
    because: "there is a file of that name, and it may hold the only copy of a key",
    hint: { text: "name another file with --out, or overwrite it", command: "slipway kubeconfig --force" },
  });
}

function noAuthority(): ProblemError {
  return new ProblemError({
    code: "kubernetes/no-authority",
    severity: "error",
    message: "no kubeconfig was written",
    because: "the state folder has no authority of a Kubernetes cluster: there is none yet, or it is another folder's",
    hint: { text: "make the cluster first", command: "slipway apply" },
  });
}
