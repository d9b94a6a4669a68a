import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { TeamSpec } from "../../spec/cluster-spec.ts";

const rbac = "rbac.authorization.k8s.io";

/**
 * A binding of the team's groups and users to its role, in each of its namespaces. The role is part of the name: a
 * binding's role cannot change, so that another one is another binding, and the one before is removed.
 */
export function teamObjects(team: TeamSpec): readonly KubeObject[] {
  const subjects = [
    ...team.groups.map((name) => ({ apiGroup: rbac, kind: "Group", name })),
    ...team.users.map((name) => ({ apiGroup: rbac, kind: "User", name })),
  ];
  return team.namespaces.map((namespace) => ({
    apiVersion: `${rbac}/v1`,
    kind: "RoleBinding",
    metadata: { name: `slipway-team-${team.name}-${team.role}`, namespace },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: team.role },
    subjects,
  }));
}
