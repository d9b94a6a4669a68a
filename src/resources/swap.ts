import type { Change } from "../engine/step.ts";
import { fileAmong, linesOfFiles } from "../facts/lines-of-files.ts";
import { swapUnits } from "../facts/loaded-unit.ts";
import { textOf } from "../facts/not-understood.ts";
import { pathStat } from "../facts/path-stat.ts";
import { swapAreas } from "../facts/swap-areas.ts";
import type { HostChange, Read } from "../hosts/port.ts";
import type { Answers, Comparison, Resource } from "./resource.ts";
import { unifiedDiff } from "./unified-diff.ts";

const fstab = "/etc/fstab";
// Nearly always there is nothing to be edited, and then nobody needs its bytes: its lines cost no process of their own.
const fstabLines = linesOfFiles([fstab]);
const fstabStat: Read = { kind: "stat", path: fstab };
const fstabContent: Read = { kind: "content", path: fstab };

/**
 * No swap, now and after a boot: areas in use are switched off, their lines in /etc/fstab commented out, and units that
 * come from elsewhere (a unit file, a partition found by its type, zram) masked.
 */
export const swapOff: Resource = {
  key: "swap",
  reads: [...swapAreas.reads, fstabLines],
  compare(answers) {
    const areas = swapAreas.parse(swapAreas.reads.map((read) => answers.of(read)));
    const editsFstab = textOf("fstab", fstab, fileAmong("fstab", fstab, answers.of(fstabLines)))
      ?.split("\n")
      .some(isSwapLine);
    const [ask, ...more] = [
      // Active units are areas in use, so nearly always there are none, and systemd need not be asked.
      ...(areas.length > 0 ? swapUnits.reads : []),
      ...(editsFstab === true ? [fstabStat, fstabContent] : []),
    ].filter((read) => !answers.has(read));
    if (ask !== undefined) return { state: "read-more", reads: [ask, ...more] };
    const units = areas.length === 0 ? [] : swapUnits.parse(swapUnits.reads.map((read) => answers.of(read)));
    const changes: Change[] = areas.map((area) => ({
      verb: "update",
      what: `swap ${area.device}`,
      from: "on",
      to: "off",
      because: "the kubelet and etcd want memory that does not move to disk",
    }));
    const make: HostChange[] = [];
    if (areas.length > 0) make.push({ kind: "run", argv: ["swapoff", "-a"], timeoutMs: 10 * 60_000 });
    for (const unit of units.filter((one) => one.sourcePath !== fstab)) {
      changes.push({ verb: "update", what: `service ${unit.id}`, from: "active", to: "masked" });
      make.push({ kind: "run", argv: ["systemctl", "mask", "--now", "--", unit.id] });
    }
    const file = editsFstab === true ? fstabWithoutSwap(answers) : undefined;
    if (file !== undefined) {
      changes.push(file.change);
      make.push(file.write);
    }
    const [first, ...rest] = changes;
    return first === undefined ? same : { state: "different", changes: [first, ...rest], make };
  },
};

const same: Comparison = { state: "same" };

function fstabWithoutSwap(answers: Answers): { readonly change: Change; readonly write: HostChange } | undefined {
  const stat = pathStat(fstab, answers.of(fstabStat));
  const before = textOf("fstab", fstab, answers.of(fstabContent));
  if (!stat.exists || before === undefined) return undefined;
  const after = before
    .split("\n")
    .map((line) => (isSwapLine(line) ? `# ${line}` : line))
    .join("\n");
  if (after === before) return undefined;
  const diff = unifiedDiff(before, after);
  return {
    change: { verb: "update", what: `file ${fstab}`, ...(diff === undefined ? {} : { diff }) },
    write: { kind: "write", path: fstab, content: after, mode: stat.mode, owner: stat.owner, group: stat.group },
  };
}

/** The third field is the file system type. https://man7.org/linux/man-pages/man5/fstab.5.html (2025-11-20) */
function isSwapLine(line: string): boolean {
  const fields = line.trim().split(/\s+/);
  return !line.trimStart().startsWith("#") && fields[2] === "swap";
}
