import type { HostChange } from "./port.ts";
import { showWords } from "./quote.ts";
import { Secret } from "./secret.ts";

/** One line for people about a change, with nothing secret in it. */
export function showChange(change: HostChange): string {
  switch (change.kind) {
    case "write": {
      const size = change.content instanceof Secret ? "secret" : `${Buffer.byteLength(change.content)} bytes`;
      const owner = change.owner === undefined ? "" : `, ${change.owner}:${change.group ?? ""}`;
      return `write ${showWords([change.path])} (${change.mode.toString(8).padStart(4, "0")}${owner}, ${size})`;
    }
    case "upload":
      return `upload ${showWords([change.localPath, change.path])} (${change.mode.toString(8).padStart(4, "0")})`;
    case "remove":
      return `rm ${change.recursive === true ? "-rf" : "-f"} ${showWords([change.path])}`;
    case "run":
      return `${showWords(change.argv)}${change.stdin === undefined ? "" : " < ***"}`;
  }
}
