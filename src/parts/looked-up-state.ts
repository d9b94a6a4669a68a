import type { HostLook, HostStep } from "../engine/step.ts";
import type { Inspection } from "../resources/inspection.ts";
import type { Resource } from "../resources/resource.ts";
import { type HostState, hostStateStep } from "../resources/resource-group.ts";

/**
 * A step for declared host state that depends on more than facts of the host: on the vault, or on other hosts.
 * `resourcesAt` should ask for everything at once, because what is declared is read after it has answered.
 */
export function lookedUpStateStep(
  state: Omit<HostState, "needs" | "resources">,
  resourcesAt: (at: HostLook) => Promise<readonly Resource[]>,
): HostStep<Inspection> {
  const stepWith = (resources: readonly Resource[]) => hostStateStep({ ...state, resources });
  const shape = stepWith([]);
  const [asDeclared, ...conditions] = shape.verify;
  return {
    ...shape,
    check: async (at) => stepWith(await resourcesAt(at)).check(at),
    apply: (act, found) => stepWith(found.resources).apply(act, found),
    verify: [
      { ...asDeclared, holds: async (at) => stepWith(await resourcesAt(at)).verify[0].holds(at) },
      ...conditions,
    ],
  };
}
