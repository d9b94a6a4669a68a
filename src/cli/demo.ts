import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { exitCode } from "../problems/exit-code.ts";
import { apply } from "./apply.ts";
import { bootLabOf } from "./lab.ts";
import { openCluster } from "./open-cluster.ts";
import { hintsName } from "./shown.ts";

/** `slipway demo`: the lab of the example, from nothing to verified, and what to try next. */
export async function demo(): Promise<void> {
  const file = relative(process.cwd(), fileURLToPath(new URL("../../examples/lab/cluster.yaml", import.meta.url)));
  hintsName(file);
  const cluster = openCluster(file);
  await bootLabOf(cluster);
  process.stdout.write("\n");
  // Kubernetes itself would need a bundle or the internet, and the example names neither.
  await apply(undefined, { file, output: "text", diff: "none", yes: true, through: "etcd" });
  if (process.exitCode !== undefined && process.exitCode !== exitCode.done) return;
  const slipway = `npx slipway -f ${file}`;
  const { spec } = cluster;
  const balancer = spec.hosts.find((host) => host.roles.includes("load-balancer"))?.name;
  const address = spec.endpoint.kind === "external" ? spec.endpoint.name : spec.endpoint.address;
  process.stdout.write(`
What to try next
  ${slipway} status
  ${slipway} etcd members
  ${slipway} plan --through etcd         nothing to do; change a file on a machine, and plan again
  ${slipway} lab ssh ${balancer} -- systemctl kill -s KILL haproxy
                                  systemd starts it again within a second; ${address} stays reachable
  ${slipway} lab ssh ${balancer} -- systemctl stop keepalived
                                  if it had the virtual IP, the other one has it now: ${slipway} status
  ${slipway} lab ssh cp-1
  ${slipway} runs show                   what was just done, as a document

Remove everything
  npx slipway lab down ${spec.name}
  rm -r ${join(dirname(file), ".slipway", spec.name)}   its runs, host keys and certificates
`);
}
