import { pathStat } from "../../facts/path-stat.ts";
import type { Read } from "../../hosts/port.ts";
import { absent } from "../../resources/absent.ts";
import { aptUpdate } from "../../resources/apt-install.ts";
import { file } from "../../resources/file.ts";
import { iniSetting } from "../../resources/ini-setting.ts";
import type { Resource } from "../../resources/resource.ts";
import type { ArtifactsSpec } from "../../spec/cluster-spec.ts";
import { managedHeader } from "../managed-header.ts";
import type { Distribution } from "../os/distribution.ts";

type Mirror = NonNullable<ArtifactsSpec["packageMirror"]>;

const aptList = "/etc/apt/slipway.list";
const aptSwitch = "/etc/apt/apt.conf.d/99-slipway-sources";
const dnfFolder = "/etc/slipway/yum.repos.d";
const dnfRepo = `${dnfFolder}/slipway.repo`;
const dnfReposdir = { path: "/etc/dnf/dnf.conf", section: "main", name: "reposdir" };

/**
 * The declared mirror in place of the repositories a host has. Their files stay untouched: the package manager is told
 * to look elsewhere, and no longer when the mirror is no longer declared.
 */
export function packageMirror(artifacts: ArtifactsSpec, distribution: Distribution): readonly Resource[] {
  const mirror = artifacts.packageMirror;
  const ours = mirror?.kind === distribution.packageManager ? mirror : undefined;
  if (distribution.packageManager === "apt") return ours === undefined ? withoutApt : aptMirror(ours, distribution);
  return ours === undefined ? withoutDnf : dnfMirror(ours);
}

const withoutApt = [absent(aptSwitch), absent(aptList)];
const withoutDnf = [iniSetting({ ...dnfReposdir, value: undefined, onlyIf: dnfFolder }), absent(dnfRepo)];

function aptMirror(mirror: Mirror, distribution: Distribution): readonly Resource[] {
  const signed = mirror.signedBy === undefined ? "" : `[signed-by=${mirror.signedBy}] `;
  const components = (mirror.components ?? ["main"]).join(" ");
  const suite = mirror.suite ?? distribution.codename ?? "stable";
  return aptSource(`deb ${signed}${mirror.url} ${suite} ${components}`);
}

/** The one source apt reads, by a file with it and a switch that makes apt read no other. */
export function aptSource(line: string): readonly Resource[] {
  return [
    file({ path: aptList, content: `${managedHeader("package mirror of the cluster")}${line}\n` }),
    file({
      path: aptSwitch,
      content: `// Managed by Slipway: apt uses the package mirror of the cluster only.\nDir::Etc::sourcelist "${aptList}";\nDir::Etc::sourceparts "-";\n`,
    }),
    packageLists,
  ];
}

const listStat: Read = { kind: "stat", path: aptList };
const lists = "/var/lib/apt/lists";
const listsStat: Read = { kind: "stat", path: lists };

/** apt's own copy of what the mirror has, at least as new as the file that names the mirror. */
const packageLists: Resource = {
  key: "package lists",
  reads: [listStat, listsStat],
  compare(answers, changed) {
    const source = pathStat(aptList, answers.of(listStat));
    const copy = pathStat(lists, answers.of(listsStat));
    const fresh = source.exists && copy.exists && copy.modifiedAt >= source.modifiedAt;
    if (fresh && !changed.has(`file ${aptList}`) && !changed.has(`file ${aptSwitch}`)) return { state: "same" };
    return {
      state: "different",
      changes: [{ verb: "run", what: "package lists", to: "refreshed", because: `${aptList} is newer` }],
      // apt-get leaves the folder's time alone when the mirror has nothing new.
      make: [aptUpdate, { kind: "run", argv: ["touch", "--", lists] }],
    };
  },
};

function dnfMirror(mirror: Mirror): readonly Resource[] {
  return [file({ path: dnfRepo, content: dnfMirrorFile(mirror) }), iniSetting({ ...dnfReposdir, value: dnfFolder })];
}

/** The repository file. Without `signedBy` packages are not checked, which the plan shows as `gpgcheck=0`. */
function dnfMirrorFile(mirror: Mirror): string {
  const check = mirror.signedBy === undefined ? "gpgcheck=0" : `gpgcheck=1\ngpgkey=file://${mirror.signedBy}`;
  return `${managedHeader("package mirror of the cluster")}[slipway]\nname=Package mirror of the cluster\nbaseurl=${mirror.url}\nenabled=1\n${check}\n`;
}
