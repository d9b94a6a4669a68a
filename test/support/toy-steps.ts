import type { Change, HostAct, HostLook, HostStep, LockName, NonEmpty, StepId } from "../../src/engine/step.ts";
import type { Fact } from "../../src/facts/fact.ts";
import type { HostName } from "../../src/hosts/port.ts";

/** The content of a file as a fact; undefined when there is none. */
export function fileFact(path: string): Fact<string | undefined> {
  return {
    name: `toy.file ${path}`,
    reads: [{ kind: "content", path }],
    parse: ([answer]) => (answer?.kind === "content" ? answer.bytes.toString("utf8") : undefined),
  };
}

export interface ToyStep extends HostStep<string | undefined> {
  readonly path: string;
}

export interface ToyOptions extends Partial<Omit<HostStep<string | undefined>, "id" | "on">> {
  /** What its file is to hold; default "done". */
  readonly content?: string;
  /** Default `/toy/<id>`. */
  readonly path?: string;
}

export function stepId(id: string): StepId {
  return id as StepId;
}

export function lockName(name: string): LockName {
  return name as LockName;
}

/** A real step in miniature: its file is there with the right content, or it is written. */
export function toyStep(id: string, on: string, after: readonly string[] = [], options: ToyOptions = {}): ToyStep {
  const { content = "done", path = `/toy/${id}`, ...rest } = options;
  const fact = fileFact(path);
  const change = (found: string | undefined): NonEmpty<Change> => [
    {
      verb: found === undefined ? "create" : "update",
      what: `file ${path}`,
      to: content,
      ...(found !== undefined && { from: found }),
    },
  ];
  return {
    id: stepId(id),
    title: `Write ${path} on ${on}`,
    phase: "toy",
    on: on as HostName,
    after: after.map(stepId),
    impact: "none",
    path,
    async check(look: HostLook) {
      const found = await look.fact(fact);
      if (found === content) return { state: "satisfied", because: `${path} holds ${content}` };
      return { state: "needed", found, changes: change(found) };
    },
    async apply(act: HostAct) {
      await act.change({ kind: "write", path, content, mode: 0o644 });
    },
    verify: [
      {
        title: `file ${path} to be written`,
        everyMs: 1000,
        withinMs: 30_000,
        holds: async (look: HostLook) =>
          (await look.fact(fact)) === content ? { state: "met" } : { state: "not-yet", because: "it is not" },
      },
    ],
    ...rest,
  };
}
