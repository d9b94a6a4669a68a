import type { KubeRequest } from "../cluster/kube/kube-access.ts";
import { kubeAsk } from "../cluster/kube/kube-ask.ts";
import { apiRefused, apiSilent, refusalOf } from "../cluster/kube/kube-problem.ts";
import type { Look } from "../engine/step.ts";
import { ProblemError } from "../problems/problem.ts";
import type { ClusterSpec, TeamSpec } from "../spec/cluster-spec.ts";

/** What is asked of everybody everywhere, by name. */
export const permissions = [
  "see pods",
  "read logs",
  "open shells",
  "deploy",
  "delete pods",
  "read secrets",
  "grant roles",
  "change quotas",
] as const;
export type Permission = (typeof permissions)[number];

/** One line of the matrix: somebody in one place. */
export interface PermissionRow {
  readonly team: string;
  /** "Group oidc:shop". */
  readonly subject: string;
  /** A namespace. */
  readonly namespace: string;
  readonly may: Readonly<Record<Permission, boolean>>;
  /** Where the API says something else than the roles of the teams they are in. */
  readonly surprising: readonly Permission[];
}

interface Resource {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
}

const questions: Readonly<Record<Permission, Resource>> = {
  "see pods": { verb: "list", group: "", resource: "pods" },
  "read logs": { verb: "get", group: "", resource: "pods", subresource: "log" },
  "open shells": { verb: "create", group: "", resource: "pods", subresource: "exec" },
  deploy: { verb: "create", group: "apps", resource: "deployments" },
  "delete pods": { verb: "delete", group: "", resource: "pods" },
  "read secrets": { verb: "get", group: "", resource: "secrets" },
  "grant roles": { verb: "create", group: "rbac.authorization.k8s.io", resource: "rolebindings" },
  "change quotas": { verb: "update", group: "", resource: "resourcequotas" },
};

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles (2026-11-21) */
const viewer: readonly Permission[] = ["see pods", "read logs"];
const editor: readonly Permission[] = [...viewer, "open shells", "deploy", "delete pods", "read secrets"];
const mayBe: Readonly<Record<TeamSpec["role"], readonly Permission[]>> = {
  view: viewer,
  edit: editor,
  admin: [...editor, "grant roles"],
};

/** Where nobody's team works. */
const elsewhere = "kube-system";
/** Reviews in one request to a host; each reply has some 500 bytes. */
const asksAtOnce = 400;

interface Case {
  readonly team: TeamSpec;
  readonly subject: { readonly kind: "Group" | "User"; readonly name: string };
  readonly namespace: string;
}

/**
 * Asks the API server, for every group and user of every team, what they may do in the team's namespaces and in one that is
 * none of theirs. The API answers by what it would allow, whoever gave it to them. Throws `kubernetes/api-silent` and
 * `kubernetes/api-refused`.
 */
export async function teamPermissions(
  look: Pick<Look, "factOf">,
  spec: ClusterSpec,
): Promise<readonly PermissionRow[]> {
  const cases = spec.teams.flatMap((team) => casesOf(team));
  const requests = cases.flatMap((one) => permissions.map((permission) => review(one, permission)));
  const allowed: boolean[] = [];
  for (let from = 0; from < requests.length; from += asksAtOnce) {
    allowed.push(...(await ask(look, spec, requests.slice(from, from + asksAtOnce))));
  }
  return cases.map((one, index) => {
    const own = allowed.slice(index * permissions.length, (index + 1) * permissions.length);
    const may = Object.fromEntries(permissions.map((permission, at) => [permission, own[at] === true])) as Record<
      Permission,
      boolean
    >;
    const declared = declaredFor(spec, one);
    return {
      team: one.team.name,
      subject: `${one.subject.kind} ${one.subject.name}`,
      namespace: one.namespace,
      may,
      surprising: permissions.filter((permission) => may[permission] !== declared.has(permission)),
    };
  });
}

/** What the roles of all teams together give somebody in a place: many are in more than one. */
function declaredFor({ teams }: ClusterSpec, { subject, namespace }: Case): ReadonlySet<Permission> {
  const own = teams.filter(
    (team) =>
      team.namespaces.includes(namespace) &&
      (subject.kind === "Group" ? team.groups : team.users).includes(subject.name),
  );
  return new Set(own.flatMap((team) => mayBe[team.role]));
}

function casesOf(team: TeamSpec): readonly Case[] {
  const subjects = [
    ...team.groups.map((name) => ({ kind: "Group" as const, name })),
    ...team.users.map((name) => ({ kind: "User" as const, name })),
  ];
  return subjects.flatMap((subject) =>
    [...team.namespaces, elsewhere].map((namespace) => ({ team, subject, namespace })),
  );
}

/** Creates nothing: a review is an answer. */
function review({ subject, namespace }: Case, permission: Permission): KubeRequest {
  const signedIn = "system:authenticated";
  const who =
    subject.kind === "User"
      ? { user: subject.name, groups: [signedIn] }
      : { user: "somebody-of-the-group", groups: [subject.name, signedIn] };
  const body = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: { ...who, resourceAttributes: { namespace, ...questions[permission] } },
  };
  return {
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    body: JSON.stringify(body),
  };
}

async function ask(
  look: Pick<Look, "factOf">,
  spec: ClusterSpec,
  requests: readonly KubeRequest[],
): Promise<readonly boolean[]> {
  const answer = await kubeAsk(look, spec, requests);
  if (answer.state !== "answers") {
    throw new ProblemError(apiSilent(answer.state === "silent" ? answer.because : "there is no control plane yet"));
  }
  return answer.replies.map((reply, index) => {
    const refusal = refusalOf(reply);
    const request = requests[index];
    if (refusal !== undefined && request !== undefined) throw new ProblemError(apiRefused(answer.by, request, refusal));
    return (reply.body as { readonly status?: { readonly allowed?: boolean } }).status?.allowed === true;
  });
}
