import type { Architecture } from "../../artifacts/architecture.ts";
import type { ArtifactSource } from "../../artifacts/artifact-source.ts";
import { fileNames } from "../../artifacts/file-names.ts";
import { type ContainerdVersion, parseContainerdVersion } from "../../facts/containerd-version.ts";
import { file } from "../../resources/file.ts";
import type { Resource } from "../../resources/resource.ts";
import { absentIfManaged } from "../absent-if-managed.ts";
import { programFolder, releaseFolder, releasesFolder } from "../artifacts/artifacts-layout.ts";
import { noLinksInto } from "../artifacts/no-links-into.ts";
import { placedRelease, placementNotePath } from "../artifacts/placed-release.ts";
import { managedHeader } from "../managed-header.ts";

/** Wins over the unit of a package that may be there as well. */
export const containerdUnitPath = "/etc/systemd/system/containerd.service";

const programs = ["containerd", "containerd-shim-runc-v2", "ctr"];

/** containerd's own release, as opposed to a distribution's package. */
export interface ContainerdRelease {
  readonly version: ContainerdVersion;
  /** The programs and the unit that starts them. */
  readonly resources: readonly Resource[];
  /** Of the programs: what runs is restarted with them. */
  readonly key: string;
  /** Newer than the programs that run, where they are others. */
  readonly notePath: string;
}

/** A release of the project, in a folder of its own. */
export function containerdRelease(
  version: string,
  source: ArtifactSource,
  architecture: Architecture,
): ContainerdRelease {
  const parsed = parseContainerdVersion(version);
  if (parsed === undefined) throw new Error(`${version} is no version of containerd`);
  const folder = releaseFolder("containerd", version);
  const placed = placedRelease({
    title: `containerd ${version}`,
    folder,
    contents: { kind: "archive", origin: source.file(fileNames.containerd(version, architecture)), strip: 0 },
    links: Object.fromEntries(programs.map((name) => [`${programFolder}/${name}`, `bin/${name}`])),
  });
  return {
    version: parsed,
    resources: [placed, file({ path: containerdUnitPath, content: unitText })],
    key: placed.key,
    notePath: placementNotePath(folder),
  };
}

const title = managedHeader("containerd of a release of its project");

// As in the project's own containerd.service of v2.1.
// https://github.com/containerd/containerd/blob/release/2.1/containerd.service (2026-11-21)
const unitText = `${title}[Unit]
Description=containerd container runtime
Documentation=https://containerd.io
After=network.target dbus.service

[Service]
ExecStartPre=-/sbin/modprobe overlay
ExecStart=${programFolder}/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
`;

/**
 * The unit of a release that was used before gives way to the package's, and so do the links to its programs: the package's
 * containerd would start the release's shims. What somebody else put there stays.
 */
export const withoutRelease: readonly Resource[] = [
  absentIfManaged(containerdUnitPath),
  noLinksInto(
    releasesFolder("containerd"),
    programs.map((name) => `${programFolder}/${name}`),
  ),
];
