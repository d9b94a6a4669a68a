import { z } from "zod";
import { wholeNumber } from "./numbers.ts";
import { textOf } from "./value-kind.ts";
import { valueKinds } from "./value-kinds.ts";

function quantities(what: string) {
  return z
    .record(
      textOf(valueKinds.resourceName),
      z
        .union([wholeNumber(0, 1_000_000_000), textOf(valueKinds.resourceQuantity)])
        .describe("A whole number or a quantity."),
    )
    .describe(what);
}

/** `spec.namespaces`. */
export const namespacesSchema = z
  .array(
    z.strictObject({
      name: textOf(valueKinds.plainName, "shop").describe("Name of the namespace."),
      labels: z
        .record(textOf(valueKinds.labelKey), textOf(valueKinds.labelValue))
        .describe("Labels of the namespace.")
        .default({}),
      podSecurity: z
        .enum(["privileged", "baseline", "restricted"])
        .describe(
          "Pod Security level that is enforced; what restricted would refuse is warned about and recorded (https://kubernetes.io/docs/concepts/security/pod-security-standards/).",
        )
        .default("baseline"),
      quota: quantities("Most of each resource in the namespace (ResourceQuota); none when empty.").default({}),
      limits: z
        .strictObject({
          default: quantities("Limits of containers that have none.").default({}),
          defaultRequest: quantities("Requests of containers that have none.").default({}),
          max: quantities("Most a container may ask for.").optional(),
        })
        .describe("Limits of containers (LimitRange).")
        .optional(),
      defaultDeny: z
        .boolean()
        .describe("Deny all traffic but DNS until a NetworkPolicy of yours allows it.")
        .default(true),
    }),
  )
  .describe("Namespaces with their limits. One that leaves the file stays in the cluster.")
  .default([]);

/** `spec.teams`. */
export const teamsSchema = z
  .array(
    z.strictObject({
      name: textOf(valueKinds.plainName, "shop").describe("Name of the team."),
      groups: z
        .array(textOf(valueKinds.subjectName, "oidc:shop-developers"))
        .describe("Groups, as the API server sees them: with the prefix of their issuer.")
        .default([]),
      users: z
        .array(textOf(valueKinds.subjectName, "oidc:ann@example.com"))
        .describe("Users, as the API server sees them.")
        .default([]),
      namespaces: z
        .array(textOf(valueKinds.plainName, "shop"))
        .min(1)
        .describe("Namespaces of spec.namespaces the team works in."),
      role: z
        .enum(["view", "edit", "admin"])
        .describe(
          "What it may do there: Kubernetes' own role of that name (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles).",
        ),
    }),
  )
  .describe("Groups of people and what they may do in which namespaces.")
  .default([]);
