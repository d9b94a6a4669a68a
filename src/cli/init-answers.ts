import { isIP } from "node:net";
import { ProblemError } from "../problems/problem.ts";
import type { ClusterAnswers } from "../spec/init-cluster.ts";
import { canAsk } from "./ask.ts";
import type { InitOptions } from "./init.ts";

/**
 * What flags and answers of `slipway init` say of the cluster. etcd is on the control planes, by kubeadm's own image, which
 * works on every distribution, unless hosts are named for it. Throws `usage/init-incomplete`.
 */
export function initAnswers(options: InitOptions): ClusterAnswers {
  const { loadBalancers = [], controlPlanes = [], etcd = [], workers = [], vip, endpoint, sshUser } = options;
  requireComplete(options);
  const [address, prefix = "24"] = vip?.split("/") ?? [];
  return {
    name: options.name ?? "",
    kubernetesVersion: options.kubernetesVersion,
    hosts: hostsOf([
      [loadBalancers, ["load-balancer"]],
      [controlPlanes, ["control-plane"]],
      [etcd, ["etcd"]],
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
  etcd = [],
  workers = [],
  vip,
  endpoint,
}: InitOptions): void {
  const wrong = [...loadBalancers, ...controlPlanes, ...etcd, ...workers].filter(
    (word) => !/^[^=\s]+=[^=\s]+$/.test(word),
  );
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
