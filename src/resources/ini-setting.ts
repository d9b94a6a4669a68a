import { fileAmong, linesOfFiles } from "../facts/lines-of-files.ts";
import { textOf } from "../facts/not-understood.ts";
import { pathStat } from "../facts/path-stat.ts";
import type { Read } from "../hosts/port.ts";
import type { Resource } from "./resource.ts";
import { unifiedDiff } from "./unified-diff.ts";

export interface IniSetting {
  readonly path: string;
  /** Without brackets. Made at the end of the file when it is not there. */
  readonly section: string;
  readonly name: string;
  /** undefined: the setting must not be there. */
  readonly value: string | undefined;
  /** With no value: only a setting with this value is taken out; another is somebody else's. */
  readonly onlyIf?: string;
}

/** One setting in a file that belongs to somebody else. Everything else in it stays as it is. */
export function iniSetting(setting: IniSetting): Resource {
  const { path } = setting;
  const key = `setting ${setting.section}.${setting.name} of ${path}`;
  // Its bytes are only needed where they are to be changed: its lines cost no process of their own.
  const lines = linesOfFiles([path]);
  const stat: Read = { kind: "stat", path };
  const content: Read = { kind: "content", path };
  return {
    key,
    reads: [lines],
    compare(answers) {
      const seen = textOf("ini-setting", path, fileAmong("ini-setting", path, answers.of(lines))) ?? "";
      if (withSetting(seen, setting) === seen) return { state: "same" };
      if (!answers.has(stat) || !answers.has(content)) return { state: "read-more", reads: [stat, content] };
      const now = pathStat(path, answers.of(stat));
      const before = textOf("ini-setting", path, answers.of(content)) ?? "";
      const after = withSetting(before, setting);
      if (after === before) return { state: "same" };
      const diff = unifiedDiff(before, after);
      const owner = now.exists ? { mode: now.mode, owner: now.owner, group: now.group } : { mode: 0o644 };
      return {
        state: "different",
        changes: [
          { verb: now.exists ? "update" : "create", what: `file ${path}`, ...(diff === undefined ? {} : { diff }) },
        ],
        make: [{ kind: "write", path, content: after, ...owner }],
      };
    },
  };
}

/** The text with the setting as declared. */
export function withSetting(text: string, setting: Omit<IniSetting, "path">): string {
  const lines = text.split("\n");
  const header = lines.findIndex((line) => line.trim() === `[${setting.section}]`);
  const next = lines.findIndex((line, index) => index > header && /^\s*\[/.test(line));
  const end = next < 0 ? lines.length : next;
  const at = lines.findIndex(
    (line, index) => header >= 0 && index > header && index < end && nameOf(line) === setting.name,
  );
  const there = at < 0 ? undefined : (lines[at] ?? "").slice((lines[at] ?? "").indexOf("=") + 1).trim();
  if (setting.value === undefined) {
    if (there === undefined || (setting.onlyIf !== undefined && there !== setting.onlyIf)) return text;
    return lines.toSpliced(at, 1).join("\n");
  }
  if (there === setting.value) return text;
  const line = `${setting.name}=${setting.value}`;
  if (at >= 0) return lines.toSpliced(at, 1, line).join("\n");
  if (header >= 0) return lines.toSpliced(header + 1, 0, line).join("\n");
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  return `${text}${gap}[${setting.section}]\n${line}\n`;
}

function nameOf(line: string): string | undefined {
  return /^\s*([A-Za-z0-9_.-]+)\s*=/.exec(line)?.[1];
}
