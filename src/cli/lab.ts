import { spawnSync } from "node:child_process";
import { labSsh } from "../lab/lab.ts";
import { labDown } from "../lab/lab-down.ts";
import { labList } from "../lab/lab-list.ts";
import type { LabProgress } from "../lab/lab-progress.ts";
import { labUp } from "../lab/lab-up.ts";
import { exitCode } from "../problems/exit-code.ts";
import { table } from "../report/table.ts";
import { commandFor } from "./command-for.ts";
import { type OpenedCluster, openCluster } from "./open-cluster.ts";
import { knownHostsFile } from "./open-hosts.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";

function tell({ text }: LabProgress): void {
  process.stderr.write(`${text}\n`);
}

/** Boots a machine for every host of the cluster; its host keys become known to Slipway. */
export async function bootLabOf(cluster: OpenedCluster): Promise<void> {
  const { spec } = cluster;
  const { endpoint } = spec;
  await labUp({
    name: spec.name,
    machines: spec.hosts.map(({ name, address }) => ({ name, address })),
    ...(endpoint.kind === "virtual-ip" && {
      reserved: [endpoint.address],
      subnet: `${endpoint.address}/${endpoint.prefix}`,
    }),
    knownHostsFile: knownHostsFile(cluster),
    onProgress: tell,
  });
}

/** `slipway lab up` */
export async function labUpCommand(options: GlobalOptions): Promise<void> {
  const cluster = openCluster(options.file);
  await bootLabOf(cluster);
  const [lab] = (await labList()).filter((one) => one.name === cluster.spec.name);
  printResult(lab, options.output, () => `Lab ${cluster.spec.name} is up. Next: ${commandFor(options.file, "plan")}`);
}

/** `slipway lab down [name]` */
export async function labDownCommand(name: string | undefined, options: GlobalOptions): Promise<void> {
  const lab = name ?? openCluster(options.file).spec.name;
  const state = await labDown({ name: lab, onProgress: tell });
  printResult({ name: lab, state }, options.output, () =>
    state === "removed" ? `Lab ${lab} is removed` : `There is nothing of a lab ${lab}`,
  );
}

/** `slipway lab list` */
export async function labListCommand(options: GlobalOptions): Promise<void> {
  const labs = await labList();
  printResult(labs, options.output, () => {
    if (labs.length === 0) return "No labs on this computer";
    return table(labs, [
      { title: "lab", value: (lab) => lab.name },
      { title: "state", value: (lab) => lab.state },
      { title: "network", value: (lab) => lab.subnet },
      {
        title: "machines on",
        value: (lab) => `${lab.machines.filter((one) => one.on).length} of ${lab.machines.length}`,
      },
      { title: "since", value: (lab) => lab.createdAt },
    ]);
  });
}

/** `slipway lab ssh MACHINE [-- COMMAND...]`: exits with the command's own code. */
export async function labSshCommand(machine: string, words: readonly string[], options: GlobalOptions): Promise<void> {
  const [program = "ssh", ...args] = await labSsh(openCluster(options.file).spec.name, machine, words);
  const run = spawnSync(program, args, { stdio: "inherit" });
  if (run.error !== undefined) throw run.error;
  process.exitCode = run.status ?? exitCode.bug;
}
