import type { Change, HostAct, NonEmpty, StepId } from "../engine/step.ts";
import type { Answer, HostChange, Read } from "../hosts/port.ts";

/** The answers to all reads of a group so far. `of` throws when the read was never asked for: a bug of the resource. */
export interface Answers {
  of(read: Read): Answer;
  has(read: Read): boolean;
}

export type Comparison =
  | {
      readonly state: "same";
      /** What a reader should know although there is nothing to do: "net.foo is not applicable: this kernel has no such key". */
      readonly note?: string;
    }
  /** More must be read before it can be said, e.g. the content of a file whose digest differs, for its diff. */
  | { readonly state: "read-more"; readonly reads: NonEmpty<Read> }
  | {
      readonly state: "different";
      readonly changes: NonEmpty<Change>;
      /** What makes it so, in order. Plain data where it can be, a function where an answer is needed in between. */
      readonly make: readonly HostChange[] | ((act: HostAct) => Promise<void>);
      /** Nothing that runs has to notice, e.g. only a mode differs: the key is then not added to `changed`. */
      readonly quiet?: boolean;
    }
  /** Cannot be said until another step (or an earlier resource of this group) has made its change. */
  | { readonly state: "unknown"; readonly until?: StepId; readonly because: string };

/**
 * One declared thing on a host: a file, a package, a service, a sysctl, ... Synchronous on purpose: the reads of all
 * resources of a group go out as one batch, so a host costs one round trip however much is declared about it.
 */
export interface Resource {
  /** "file /etc/hosts": unique within its group, and the `what` of its changes. */
  readonly key: string;
  readonly reads: readonly Read[];
  /**
   * `changed` holds the keys of resources earlier in the group that are different: a service restarts because of them.
   */
  compare(answers: Answers, changed: ReadonlySet<string>): Comparison;
}
