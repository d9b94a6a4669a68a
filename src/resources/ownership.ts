import type { FileStat, HostChange } from "../hosts/port.ts";

/** Mode and owner as declared, with the text a plan shows for them. */
export interface Ownership {
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  readonly text: string;
}

/** What of a path's mode and owner is different. */
export interface OwnershipDrift {
  readonly from: string;
  readonly to: string;
  /** Changes that keep the content and its modification time. */
  make(path: string): readonly HostChange[];
}

/** Owner defaults to root, group to root: files of the system belong to it unless somebody says otherwise. */
export function ownership(mode: number, owner = "root", group = "root"): Ownership {
  return { mode, owner, group, text: `mode ${octal(mode)}, owner ${owner}:${group}` };
}

/** undefined when mode, owner and group are as wanted. */
export function ownershipChanges(now: FileStat, wanted: Ownership): OwnershipDrift | undefined {
  const modeDiffers = now.mode !== wanted.mode;
  const ownerDiffers = now.owner !== wanted.owner || now.group !== wanted.group;
  if (!modeDiffers && !ownerDiffers) return undefined;
  const from: string[] = [];
  const to: string[] = [];
  if (modeDiffers) {
    from.push(`mode ${octal(now.mode)}`);
    to.push(`mode ${octal(wanted.mode)}`);
  }
  if (ownerDiffers) {
    from.push(`owner ${now.owner}:${now.group}`);
    to.push(`owner ${wanted.owner}:${wanted.group}`);
  }
  return {
    from: from.join(", "),
    to: to.join(", "),
    make(path) {
      const changes: HostChange[] = [];
      if (ownerDiffers) {
        changes.push({ kind: "run", argv: ["chown", "--", `${wanted.owner}:${wanted.group}`, path] });
      }
      // After chown, which clears set-user-ID bits.
      changes.push({ kind: "run", argv: ["chmod", "--", octal(wanted.mode), path] });
      return changes;
    },
  };
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
