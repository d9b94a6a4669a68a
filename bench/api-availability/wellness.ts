import { setTimeout as pause } from "node:timers/promises";
import type { Lab } from "../../src/lab/lab.ts";
import { roles } from "../etcd-loss/members.ts";
import { newConnections, type Target, Unanswered, type Wish } from "./ways.ts";

export const controlPlanes = ["cp-1", "cp-2", "cp-3"];
const balancers = ["lb-1", "lb-2"];

/** Asks the API once, on a connection of its own. Throws Unanswered. */
export async function askApi(target: Target, wish: Wish): Promise<unknown> {
  const { status, text } = await newConnections(target)(wish, AbortSignal.timeout(5000));
  if (status !== 200 && status !== 201) throw new Unanswered(`${wish.path}: ${status} ${text.slice(0, 300)}`, false);
  return JSON.parse(text);
}

interface Conditioned {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}
interface Lease {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly renewTime: string };
}

const isReady = (one: Conditioned) =>
  one.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;

/** What is not well yet; empty when all is: load balancers, etcd, nodes that have been heard of since, and system pods. */
async function complaints(lab: Lab, target: Target, since: number): Promise<readonly string[]> {
  const csv = ["sh", "-c", `curl -s 'http://127.0.0.1:8404/;csv' | awk -F, '/^kubernetes-api,cp-/ { print $18 }'`];
  const seen = await Promise.all(balancers.map(async (name) => (await lab.exec(name, csv)).stdout));
  const balanced = seen.flatMap((states, at) =>
    states.trim().split(/\s+/).join() === "UP,UP,UP" ? [] : [`${balancers[at]} sees ${states.trim()}`],
  );
  if ((await roles(lab, controlPlanes)) === undefined) return [...balanced, "etcd"];
  try {
    const list = async <T>(path: string) =>
      ((await askApi(target, { method: "GET", path })) as { items: readonly T[] }).items;
    const [nodes, leases, pods] = await Promise.all([
      list<Conditioned>("/api/v1/nodes"),
      list<Lease>("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"),
      list<Conditioned>("/api/v1/namespaces/kube-system/pods"),
    ]);
    return [
      ...balanced,
      ...nodes.filter((node) => !isReady(node)).map((node) => `node ${node.metadata.name}`),
      ...leases
        .filter(({ spec }) => Date.parse(spec.renewTime) < since)
        .map(({ metadata }) => `lease ${metadata.name}`),
      ...pods.filter((pod) => !isReady(pod)).map((pod) => `pod ${pod.metadata.name}`),
    ];
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    return [...balanced, error.message];
  }
}

/** Waits until all is well, and returns how long that took. Throws with what is not well after five minutes. */
export async function wellAgain(lab: Lab, target: Target): Promise<number> {
  const since = Date.now();
  for (;;) {
    const found = await complaints(lab, target, since);
    if (found.length === 0) return Date.now() - since;
    if (Date.now() > since + 300_000) throw new Error(`not well after 300 s: ${found.join(", ")}`);
    await pause(500);
  }
}

/** The member of etcd that leads; the loss of its host is the worst. */
export async function etcdLeader(lab: Lab): Promise<string> {
  return (await roles(lab, controlPlanes))?.leader ?? "unknown";
}
