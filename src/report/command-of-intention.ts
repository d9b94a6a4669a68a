/** Commands other than `apply` that carry out a plan, by its intention. */
const commands: ReadonlyMap<string, string> = new Map([["rotate-encryption-key", "secrets rotate-key"]]);

/** The words of the command line that carry out a plan with this intention, or go on with it: "apply". */
export function commandOfIntention(intention: string | undefined): string {
  return commands.get(intention ?? "") ?? "apply";
}
