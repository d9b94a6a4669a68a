import { fileAmong, linesOfFiles } from "../facts/lines-of-files.ts";
import type { Answer, HostChange, Read } from "../hosts/port.ts";

/** Where a host notes which packages Slipway holds: one file per package, with the version it was held in. */
const folder = "/var/lib/slipway/holds";

/** The note about one package. Package managers do not say who holds a package, and what others hold stays held. */
export function heldByUsRead(name: string): Read {
  return linesOfFiles([pathOf(name)]);
}

/** Whether the note is about the hold there is: somebody may have held another version since. */
export function isHeldByUs(name: string, answer: Answer, installedVersion: string): boolean {
  const note = fileAmong("held-by-us", pathOf(name), answer);
  return note.kind === "content" && note.bytes.toString("utf8").trim() === installedVersion;
}

/** Written before the hold is made, so that there is none of ours without it. */
export function noteHold(name: string, version: string): HostChange {
  return { kind: "write", path: pathOf(name), content: `${version}\n`, mode: 0o644 };
}

/** Removed after the hold, so that one that was not taken away yet is still known. */
export function forgetHold(name: string): HostChange {
  return { kind: "remove", path: pathOf(name) };
}

function pathOf(name: string): string {
  return `${folder}/${name}`;
}
