import type { Fact } from "./fact.ts";
import { fileAmong, linesOfFiles } from "./lines-of-files.ts";
import { notUnderstood, textOf } from "./not-understood.ts";

/** What /etc/os-release says. */
export interface OsRelease {
  /** "debian", "ubuntu", "rocky", "rhel", "almalinux", "openEuler": as written there. */
  readonly id: string;
  /** "12", "22.04", "9.4"; empty for rolling releases. */
  readonly versionId: string;
  /** Families it names as its relatives: ["rhel", "centos", "fedora"]. */
  readonly like: readonly string[];
  /** For people: "Debian GNU/Linux 12 (bookworm)". */
  readonly prettyName: string;
}

const path = "/etc/os-release";

/** Which distribution a host runs. A host without /etc/os-release is not understood. */
export const osRelease: Fact<OsRelease> = {
  name: "os-release",
  reads: [linesOfFiles([path])],
  parse: ([answers]) => {
    const answer = fileAmong("os-release", path, answers);
    const text = textOf("os-release", path, answer);
    if (text === undefined) throw notUnderstood("os-release", path, answer, "the file is missing");
    const fields = new Map(text.split("\n").flatMap(field));
    const id = fields.get("ID");
    if (id === undefined || id === "") throw notUnderstood("os-release", path, answer, "it has no ID");
    return {
      id,
      versionId: fields.get("VERSION_ID") ?? "",
      like: (fields.get("ID_LIKE") ?? "").split(/\s+/).filter((one) => one !== ""),
      prettyName: fields.get("PRETTY_NAME") ?? id,
    };
  },
};

function field(line: string): readonly (readonly [string, string])[] {
  const found = /^([A-Z0-9_]+)=(.*)$/.exec(line.trim());
  if (found === null) return [];
  const [, key = "", value = ""] = found;
  return [[key, value.replace(/^(["'])(.*)\1$/, "$2").replace(/\\(["'$`\\])/g, "$1")]];
}
