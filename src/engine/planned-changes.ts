import type { Change } from "./step.ts";

/**
 * The changes of `now` that the plan did not show. Fewer changes than planned are fine: what is missing has been done.
 *
 * `loosely`: an earlier step of the same run has changed what this one starts from (a package brought a default file,
 * so "create" became "update"), so only what is changed and what it becomes are compared.
 */
export function unplannedChanges(
  planned: readonly Change[],
  now: readonly Change[],
  loosely: boolean,
): readonly Change[] {
  const key = ({ verb, what, from, to, diff }: Change) =>
    JSON.stringify(loosely ? [what, to ?? null] : [verb, what, from ?? null, to ?? null, diff ?? null]);
  const shown = new Set(planned.map(key));
  return now.filter((change) => !shown.has(key(change)));
}

/** "update file /etc/hosts". */
export function changeText(change: Change): string {
  return `${change.verb} ${change.what}`;
}
