import { dirname, join, resolve } from "node:path";
import { ProblemError } from "../problems/problem.ts";

/** Where Slipway keeps what it must remember of one cluster; beside the cluster file. */
export interface StateFolder {
  /** `<folder of cluster.yaml>/.slipway/<cluster>` */
  readonly root: string;
  /** Keys and certificates, encrypted. */
  readonly vault: string;
  /** One folder per run. */
  readonly runs: string;
}

/** The state folder of a cluster. Nothing is made yet: every writer makes what it needs, for the owner only. */
export function stateFolder(clusterFile: string, cluster: string): StateFolder {
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(cluster))
    throw new ProblemError({
      code: "state/bad-name",
      severity: "error",
      message: `cluster name ${JSON.stringify(cluster)} cannot be the name of a folder`,
      because: "letters, digits, dots and dashes can; it starts and ends with a letter or digit",
    });
  const root = join(dirname(resolve(clusterFile)), ".slipway", cluster);
  return { root, vault: join(root, "vault"), runs: join(root, "runs") };
}

/** The folder of one run: `journal.jsonl`, `plan.json`. */
export function runFolder(folder: StateFolder, run: string): string {
  if (!isRunId(run))
    throw new ProblemError({
      code: "state/no-such-run",
      severity: "error",
      message: `${JSON.stringify(run)} is not the id of a run`,
      hint: { text: "see which runs there are", command: "slipway runs list" },
    });
  return join(folder.runs, run);
}

/** "20261121T041529.123Z-3f9a2c" */
export function isRunId(text: string): boolean {
  return /^\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{6}$/.test(text);
}
