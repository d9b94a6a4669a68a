import { maskTexts } from "../engine/mask-texts.ts";
import { commandFor } from "./command-for.ts";

/** What this process knows about all it prints: it serves one command line and ends. */
let file = "cluster.yaml";
let masks: readonly ((text: string) => string)[] = [];

/** From now on commands in hints name this cluster file, unless it is the default. */
export function hintsName(clusterFile: string): void {
  file = clusterFile;
}

/** The cluster file that commands in hints are about. */
export function hintedFile(): string {
  return file;
}

/** From now on this mask is laid over all that is printed, also after the world it belongs to was closed. */
export function hideWith(mask: (text: string) => string): void {
  masks = [...masks, mask];
}

/** The text with every secret that this process knows taken out. */
export function shownText(text: string): string {
  return masks.reduce((masked, mask) => mask(masked), text);
}

/** A copy of plain data, ready to be printed: secrets masked, and the commands of hints ready to paste. */
export function shown<T>(value: T): T {
  const masked = masks.length === 0 ? value : maskTexts(value, shownText);
  return (file === "cluster.yaml" ? masked : withFile(masked)) as T;
}

function withFile(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withFile);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, key === "hint" ? hintWithFile(one) : withFile(one)]),
  );
}

function hintWithFile(hint: unknown): unknown {
  if (typeof hint !== "object" || hint === null || !("command" in hint) || typeof hint.command !== "string")
    return hint;
  return { ...hint, command: pasteable(hint.command) };
}

/** These are about no cluster file, or name what they are about. */
const withoutFile = /^(?:lab list|lab down \S|completion|demo|help)|(?:^|\s)(?:-f|--file|--help)(?:[\s=]|$)/;

/** "A=b slipway plan" with the file of this command line in it. */
function pasteable(command: string): string {
  const [, environment = "", rest] = /^((?:\w+=\S+ )*)slipway (.+)$/.exec(command) ?? [];
  if (rest === undefined || withoutFile.test(rest)) return command;
  return environment + commandFor(file, rest);
}
