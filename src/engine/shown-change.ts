import type { HostChange } from "../hosts/port.ts";
import { Secret } from "../hosts/secret.ts";

/** Longer lines tell a reader nothing more. */
const longestLine = 2000;

/**
 * A change as one line for the journal and the live view: "write /etc/hosts (0644, 128 bytes)". The content of files
 * and standard input never show.
 */
export function shownChange(change: HostChange): string {
  switch (change.kind) {
    case "write":
      return `write ${quoted(change.path)} (${modeText(change.mode)}, ${sizeText(change.content)})`;
    case "upload":
      return `upload ${quoted(change.localPath)} to ${quoted(change.path)} (${modeText(change.mode)}${change.part === undefined ? "" : `, ${change.part.sizeBytes} bytes`})`;
    case "remove":
      return change.recursive ? `remove ${quoted(change.path)} and all in it` : `remove ${quoted(change.path)}`;
    case "run":
      return (
        shorten(change.argv.map(quoted).join(" ")) + (change.stdin === undefined ? "" : " < (standard input not shown)")
      );
  }
}

function shorten(text: string): string {
  return text.length > longestLine ? `${text.slice(0, longestLine)}... (${text.length} characters)` : text;
}

function modeText(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function sizeText(content: string | Uint8Array | Secret): string {
  if (content instanceof Secret) return "secret";
  return `${Buffer.byteLength(content)} bytes`;
}

/** For people only: what is sent is quoted by the transport. Control characters are escaped, so one change is one line. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return JSON.stringify(word);
}
