import type { Change, Impact } from "../engine/step.ts";

/** The sign in front of a change in a plan. */
export const changeSigns: Readonly<Record<Change["verb"], string>> = {
  create: "+",
  update: "~",
  delete: "-",
  restart: "!",
  run: ">",
};

/** What an impact does, as the end of "this step ...". */
export const impactWords: Readonly<Record<Impact, string>> = {
  none: "",
  "restarts-component": "restarts a component",
  "evicts-pods": "evicts pods",
  "changes-etcd-membership": "changes etcd membership",
  "destroys-data": "destroys data",
};

/**
 * The kind of thing a change is about, for counting: "file" of "file /etc/hosts", "etcd member" of "etcd member cp-2".
 * "other change" when the text has another shape.
 */
export function changeKind(what: string): string {
  const words = what.trim().split(/\s+/);
  const end = words.findIndex((word, index) => index > 0 && word.startsWith("/"));
  const kind = words.slice(0, end > 0 ? end : Math.max(1, words.length - 1)).join(" ");
  return /^[a-zA-Z][a-zA-Z -]{0,23}$/.test(kind) ? kind : "other change";
}
