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

/** What changes are counted by; a longer name stands before one it begins with. */
const kinds = [
  "file",
  "directory",
  "link",
  "package",
  "service",
  "sysctl",
  "setting",
  "kernel module",
  "SELinux boolean",
  "swap",
  "user",
  "group",
  "secret",
  "certificate",
  "virtual IP",
  "etcd member",
] as const;

/**
 * The kind of thing a change is about, for counting: "file" of "file /etc/hosts". What only runs is an "action";
 * undefined for anything else.
 */
export function changeKind(change: Pick<Change, "verb" | "what">): string | undefined {
  const kind = kinds.find((name) => change.what.startsWith(`${name} `) || change.what.startsWith(`${name}s `));
  if (kind !== undefined && (change.verb !== "run" || kind === "etcd member")) return kind;
  return change.verb === "run" ? "action" : undefined;
}
