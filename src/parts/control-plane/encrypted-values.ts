import type { Look } from "../../engine/step.ts";
import { type EtcdValue, etcdValuePrefixes } from "../../facts/etcd-value-prefixes.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { waysToEtcd } from "./ways-to-etcd.ts";

/** A value in etcd, of which resource it is, and how it begins. */
export interface StoredValue extends EtcdValue {
  /** As the cluster file names it: "secrets", "deployments.apps". */
  readonly resource: string;
}

const pageSize = 20;

/** Every value of the encrypted resources as it lies in etcd, asked through a control plane host. */
export async function storedValues(
  look: Pick<Look, "factOf">,
  spec: ClusterSpec,
  resources: readonly string[],
): Promise<readonly StoredValue[]> {
  const found = await Promise.all(
    resources.flatMap((resource) =>
      prefixesOf(resource).map(async (prefix) => {
        const values = await valuesBelow(look, spec, prefix);
        return values.map((value) => ({ ...value, resource }));
      }),
    ),
  );
  return found.flat();
}

/** kube-apiserver keeps its own kinds by name, and those of custom resources by group and name. */
function prefixesOf(resource: string): readonly string[] {
  const [name = "", ...group] = resource.split(".");
  const own = `/registry/${name}/`;
  return group.length === 0 ? [own] : [own, `/registry/${group.join(".")}/${name}/`];
}

async function valuesBelow(look: Pick<Look, "factOf">, spec: ClusterSpec, prefix: string): Promise<EtcdValue[]> {
  // The slash at the end becomes the character after it: everything below the prefix, and nothing else.
  const end = `${prefix.slice(0, -1)}0`;
  const values: EtcdValue[] = [];
  let from: string | undefined = prefix;
  let limit = pageSize;
  while (from !== undefined) {
    const page: Awaited<ReturnType<typeof askAny>> = await askAny(look, spec, from, end, limit);
    if (page.truncated) {
      limit = 1;
      continue;
    }
    values.push(...page.values);
    from = page.next;
    limit = pageSize;
  }
  return values;
}

/** The first member that answers, by way of the first control plane host that can be reached. */
async function askAny(look: Pick<Look, "factOf">, spec: ClusterSpec, from: string, end: string, limit: number) {
  const failures: ProblemError[] = [];
  for (const { host, access } of waysToEtcd(spec)) {
    try {
      return await look.factOf(host, etcdValuePrefixes(access, from, end, limit));
    } catch (cause) {
      if (!(cause instanceof ProblemError)) throw cause;
      failures.push(cause);
    }
  }
  throw failures[0] ?? new Error("a cluster has etcd members");
}
