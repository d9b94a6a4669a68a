import type { HostLook } from "../engine/step.ts";
import type { Answer, Read } from "../hosts/port.ts";
import { CollectedAnswers, keyOf } from "./collected-answers.ts";
import type { Comparison, Resource } from "./resource.ts";

/** What a look at a host found of each resource, in their order. */
export interface Inspection {
  readonly resources: readonly Resource[];
  readonly comparisons: readonly Comparison[];
}

/** Reads may depend on the answers to earlier ones; more rounds than this is a resource that never has enough. */
const mostRounds = 5;
const nothing: ReadonlySet<string> = new Set();

/**
 * Reads everything the resources ask for in one batch, and compares; again while some want to read more. `made` holds
 * the keys of resources that were changed before this look.
 */
export async function inspect(
  at: Pick<HostLook, "fact">,
  name: string,
  resources: readonly Resource[],
  made: ReadonlySet<string> = nothing,
): Promise<Inspection> {
  const answers = new CollectedAnswers();
  let reads = readsOf(resources);
  for (let round = 1; round <= mostRounds; round++) {
    const asked = reads;
    const got = await at.fact<readonly Answer[]>({ name: `${name} state ${round}`, reads: asked, parse: unchanged });
    answers.add(asked, got);
    const comparisons = compareAll(resources, answers, made);
    reads = distinct(comparisons.flatMap((one) => (one.state === "read-more" ? one.reads : [])));
    if (reads.length === 0) return { resources, comparisons };
  }
  throw new Error(`${name} still wants to read ${reads.map(keyOf).join(", ")} after ${mostRounds} rounds`);
}

function unchanged(answers: readonly Answer[]): readonly Answer[] {
  return answers;
}

function compareAll(
  resources: readonly Resource[],
  answers: CollectedAnswers,
  made: ReadonlySet<string>,
): readonly Comparison[] {
  let changed = made;
  const comparisons: Comparison[] = [];
  for (const resource of resources) {
    const comparison = resource.compare(answers, changed);
    comparisons.push(comparison);
    const changes = comparison.state === "unknown" || (comparison.state === "different" && comparison.quiet !== true);
    if (changes) changed = new Set(changed).add(resource.key);
  }
  return comparisons;
}

const readsByResources = new WeakMap<readonly Resource[], readonly Read[]>();

/** All reads of a list of resources, each question once; the same list for the same resources. */
function readsOf(resources: readonly Resource[]): readonly Read[] {
  const known = readsByResources.get(resources);
  if (known !== undefined) return known;
  const reads = distinct(resources.flatMap((resource) => resource.reads));
  readsByResources.set(resources, reads);
  return reads;
}

function distinct(reads: readonly Read[]): readonly Read[] {
  const byKey = new Map<string, Read>();
  for (const read of reads) if (!byKey.has(keyOf(read))) byKey.set(keyOf(read), read);
  return [...byKey.values()];
}
