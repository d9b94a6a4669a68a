import { FactReader } from "../engine/fact-reader.ts";
import { exitCode } from "../problems/exit-code.ts";
import { type Column, table } from "../report/table.ts";
import { type ClusterAdmin, clusterAdmins } from "../status/cluster-admins.ts";
import { type PermissionRow, permissions, teamPermissions } from "../status/team-permissions.ts";
import { openCluster } from "./open-cluster.ts";
import { openWorld } from "./open-world.ts";
import { printResult } from "./print-result.ts";
import type { GlobalOptions } from "./program.ts";

/** `slipway rbac can-i`: 6 when somebody may do more or less than the role of the team says. */
export async function rbacCanI(options: GlobalOptions): Promise<void> {
  const cluster = openCluster(options.file);
  await using world = openWorld(cluster);
  const rows = await teamPermissions(new FactReader(world.hosts, new AbortController().signal), cluster.spec);
  printResult(rows, options.output, matrixText);
  if (rows.some((row) => row.surprising.length > 0)) process.exitCode = exitCode.unverified;
}

/** `slipway rbac audit`: 6 when somebody may do anything who is not Kubernetes' own. */
export async function rbacAudit(options: GlobalOptions): Promise<void> {
  const cluster = openCluster(options.file);
  await using world = openWorld(cluster);
  const admins = await clusterAdmins(new FactReader(world.hosts, new AbortController().signal), cluster.spec);
  printResult(admins, options.output, adminsText);
  if (admins.some((one) => !one.isUsual)) process.exitCode = exitCode.unverified;
}

function matrixText(rows: readonly PermissionRow[]): string {
  if (rows.length === 0) return "The cluster file has no teams";
  const text = table(rows, [
    { title: "team", value: (row) => row.team },
    { title: "who", value: (row) => row.subject },
    { title: "namespace", value: (row) => row.namespace },
    ...permissions.map(
      (permission): Column<PermissionRow> => ({
        title: permission,
        value: (row) => `${row.may[permission] ? "yes" : "no"}${row.surprising.includes(permission) ? " !" : ""}`,
      }),
    ),
  ]);
  const surprising = rows.filter((row) => row.surprising.length > 0).length;
  return surprising === 0
    ? `${text}\n\nEverybody may do what the roles of the teams say, and nothing in kube-system`
    : `${text}\n\n! is not what the role of the team says: ${surprising} of ${rows.length} lines. Look for bindings beside the cluster file's`;
}

function adminsText(admins: readonly ClusterAdmin[]): string {
  const text = table(admins, [
    { title: "who", value: (one) => one.subject },
    { title: "may do anything in", value: (one) => one.namespace ?? "the cluster" },
    { title: "by", value: (one) => one.binding },
    { title: "role", value: (one) => one.role },
    { title: "usual", value: (one) => (one.isUsual ? "yes" : "no") },
  ]);
  const strange = admins.filter((one) => !one.isUsual).length;
  return strange === 0
    ? `${text}\n\nNobody but Kubernetes' and kubeadm's own may do anything`
    : `${text}\n\n${strange} ${strange === 1 ? "holder is" : "holders are"} not Kubernetes' or kubeadm's own: keep what you know, delete the other bindings`;
}
