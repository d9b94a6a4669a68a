import { kubeList } from "../cluster/kube/kube-list.ts";
import type { KubeObject } from "../cluster/kube/kube-object.ts";
import { apiSilent } from "../cluster/kube/kube-problem.ts";
import type { Look } from "../engine/step.ts";
import { ProblemError } from "../problems/problem.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";

/** Who may do anything, and through what. */
export interface ClusterAdmin {
  /** "Group kubeadm:cluster-admins", "ServiceAccount kube-system/installer". */
  readonly subject: string;
  /** "ClusterRoleBinding installer", or "RoleBinding shop/all" for anything within a namespace. */
  readonly binding: string;
  readonly role: string;
  /** Absent: in the whole cluster. */
  readonly namespace?: string;
  /** Kubernetes' and kubeadm's own, which every cluster has. */
  readonly isUsual: boolean;
}

interface Rule {
  readonly verbs?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
}
interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

const root = "/apis/rbac.authorization.k8s.io/v1";

/** Of `kube-apiserver` (bootstrap policy) and of `kubeadm init`. */
const usual: ReadonlySet<string> = new Set([
  "ClusterRoleBinding cluster-admin: Group system:masters",
  "ClusterRoleBinding kubeadm:cluster-admins: Group kubeadm:cluster-admins",
]);

/**
 * Everybody who may do anything: through the role cluster-admin, or another one that is as much. Throws
 * `kubernetes/api-silent` and `kubernetes/api-refused`.
 */
export async function clusterAdmins(look: Pick<Look, "factOf">, spec: ClusterSpec): Promise<readonly ClusterAdmin[]> {
  const [roles, localRoles, bindings, localBindings] = await Promise.all(
    ["clusterroles", "roles", "clusterrolebindings", "rolebindings"].map((kind) => all(look, spec, `${root}/${kind}`)),
  );
  const mighty = new Set([...(roles ?? []), ...(localRoles ?? [])].filter(mayDoAnything).map(roleName));
  return [...(bindings ?? []), ...(localBindings ?? [])]
    .flatMap((binding) => holders(binding, mighty))
    .sort((one, other) => Number(one.isUsual) - Number(other.isUsual) || (one.subject < other.subject ? -1 : 1));
}

async function all(look: Pick<Look, "factOf">, spec: ClusterSpec, path: string): Promise<readonly KubeObject[]> {
  const answer = await kubeList(look, spec, path);
  if (answer.state === "answers") return answer.items;
  throw new ProblemError(apiSilent(answer.state === "silent" ? answer.because : "there is no control plane yet"));
}

function mayDoAnything(role: KubeObject): boolean {
  const rules = (role.rules ?? []) as readonly Rule[];
  return rules.some((rule) =>
    [rule.verbs, rule.apiGroups, rule.resources].every((list) => list?.includes("*") === true),
  );
}

function roleName({ kind, metadata }: KubeObject): string {
  return metadata.namespace === undefined
    ? `${kind} ${metadata.name}`
    : `${kind} ${metadata.namespace}/${metadata.name}`;
}

function holders(binding: KubeObject, mighty: ReadonlySet<string>): readonly ClusterAdmin[] {
  const { namespace } = binding.metadata;
  const { kind, name } = binding.roleRef as { readonly kind: string; readonly name: string };
  const role = kind === "Role" && namespace !== undefined ? `Role ${namespace}/${name}` : `${kind} ${name}`;
  if (!mighty.has(role)) return [];
  return ((binding.subjects ?? []) as readonly Subject[]).map((one): ClusterAdmin => {
    const subject = `${one.kind} ${one.namespace === undefined ? "" : `${one.namespace}/`}${one.name}`;
    const through = roleName(binding);
    return {
      subject,
      binding: through,
      role,
      ...(namespace === undefined ? {} : { namespace }),
      isUsual: usual.has(`${through}: ${subject}`),
    };
  });
}
