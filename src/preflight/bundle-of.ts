import { type Bundle, openBundle } from "../artifacts/bundle.ts";
import { type Problem, ProblemError } from "../problems/problem.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";

/** The bundle the cluster file names, or why it cannot be used; undefined when it names none. */
export function bundleOf({
  artifacts,
}: ClusterSpec): { readonly bundle: Bundle } | { readonly problem: Problem } | undefined {
  if (artifacts.bundle === undefined) return undefined;
  try {
    return { bundle: openBundle(artifacts.bundle) };
  } catch (error) {
    if (error instanceof ProblemError) return { problem: error.problem };
    throw error;
  }
}
