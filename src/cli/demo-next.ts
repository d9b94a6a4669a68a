import { dirname, join } from "node:path";
import { labCache } from "../lab/lab-paths.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";
import { identityFile } from "../state/identity.ts";

/**
 * What the demo ends with: what to try, and how to remove everything. `ownFolder` is where its cluster file was written to;
 * undefined when it used the example's and went as far as etcd.
 */
export function demoNext(spec: ClusterSpec, file: string, ownFolder: string | undefined): string {
  const slipway = `npx slipway -f ${file}`;
  const balancer = spec.hosts.find((host) => host.roles.includes("load-balancer"))?.name;
  const address = spec.endpoint.kind === "external" ? spec.endpoint.name : spec.endpoint.address;
  const plan = ownFolder === undefined ? "plan --through etcd" : "plan";
  const nodes =
    ownFolder === undefined
      ? ""
      : `
  ${slipway} lab ssh cp-1 -- kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes,pods -A -o wide
  ${slipway} kubeconfig
                                  ${spec.name}.kubeconfig: an administrator's credential, valid for ${spec.kubernetes.certificateValidityDays} days
  ${slipway} rbac audit`;
  return `
What to try next
  ${slipway} status${nodes}${spec.etcd.topology === "external" ? `\n  ${slipway} etcd members` : ""}
  ${`${slipway} ${plan}`.padEnd(60)} nothing to do; change a file on a machine, and plan again
  ${slipway} lab ssh ${balancer} -- systemctl kill -s KILL haproxy
                                  systemd starts it again within a second; ${address} stays reachable
  ${slipway} lab ssh ${balancer} -- systemctl stop keepalived
                                  if it had the virtual IP, the other one has it now: ${slipway} status
  ${slipway} lab ssh cp-1
  ${slipway} runs show                   what was just done, as a document

Remove everything
  npx slipway lab down ${spec.name}
  rm -r ${ownFolder ?? join(dirname(file), ".slipway", spec.name)}   its runs, host keys and certificates
  rm -f ${spec.name}.kubeconfig   where you had one written

What stays, on purpose
  ${labCache()}
                                  the image machines are made of, and their packages: the next lab is up in seconds
  ${identityFile(process.env)}
                                  the key that opens the vaults of all your clusters: keep it while you have any
`;
}
