import type { Step, StepId } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneServingStepId } from "../control-plane/control-plane-layout.ts";
import { objectsStep } from "../kubernetes-objects/objects-step.ts";
import { ciliumDnsSteps } from "./cilium-dns-step.ts";
import { namespaceObjects } from "./namespace-objects.ts";
import { namespacesStepId, teamsStepId } from "./security-layout.ts";
import { teamObjects } from "./team-objects.ts";

/** Namespaces with their limits and policies, and who may do what in them. */
export function securitySteps(spec: ClusterSpec): Step[] {
  return [namespacesStep(spec), teamsStep(spec), ...ciliumDnsSteps(spec)];
}

/** Steps after which namespaces and teams are as declared, and pods of closed namespaces can ask for names. */
export function securityStepIds(spec: ClusterSpec): readonly StepId[] {
  return [namespacesStepId, teamsStepId, ...ciliumDnsSteps(spec).map((step) => step.id)];
}

/**
 * What is declared of a namespace is kept so, and what is no longer declared of it is removed. A namespace that leaves the
 * cluster file stays with all that is in it: what people run there is not Slipway's to delete, nor to open.
 */
function namespacesStep(spec: ClusterSpec): Step {
  const declared = new Set(spec.namespaces.map((one) => one.name));
  return objectsStep(spec, {
    id: namespacesStepId,
    title: "Keep the namespaces with their limits and policies",
    phase: "security",
    after: [controlPlaneServingStepId],
    part: "namespaces",
    objects: spec.namespaces.flatMap((namespace) => namespaceObjects(spec, namespace)),
    otherKinds: [
      { apiVersion: "v1", kind: "ResourceQuota" },
      { apiVersion: "v1", kind: "LimitRange" },
      { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" },
    ],
    keeps: (leftover) => leftover.namespace === undefined || !declared.has(leftover.namespace),
  });
}

/** A team that leaves the cluster file loses what it was given. */
function teamsStep(spec: ClusterSpec): Step {
  return objectsStep(spec, {
    id: teamsStepId,
    title: "Give the teams their roles",
    phase: "security",
    after: [namespacesStepId],
    part: "teams",
    objects: spec.teams.flatMap(teamObjects),
    otherKinds: [{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding" }],
  });
}
