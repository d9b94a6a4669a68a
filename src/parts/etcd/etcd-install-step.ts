import { architectureOf } from "../../artifacts/architecture.ts";
import type { ArtifactSource } from "../../artifacts/artifact-source.ts";
import { fileNames } from "../../artifacts/file-names.ts";
import { sourceOf } from "../../artifacts/source-of.ts";
import type { HostStep } from "../../engine/step.ts";
import { etcdPkiDir } from "../../facts/etcd-layout.ts";
import { kernel } from "../../facts/kernel.ts";
import { type OsRelease, osRelease } from "../../facts/os-release.ts";
import { together } from "../../facts/together.ts";
import { ProblemError } from "../../problems/problem.ts";
import { directory } from "../../resources/directory.ts";
import type { Inspection } from "../../resources/inspection.ts";
import { packages } from "../../resources/package.ts";
import type { Resource } from "../../resources/resource.ts";
import { hostStateStep } from "../../resources/resource-group.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { programFolder, releaseFolder } from "../artifacts/artifacts-layout.ts";
import { placedRelease } from "../artifacts/placed-release.ts";
import { distributionOf } from "../os/distribution.ts";
import { osBaselineStepId } from "../os/os-steps.ts";
import { etcdStepId, etcdUser } from "./etcd-layout.ts";
import { systemUser } from "./etcd-user.ts";

const needs = together({ os: osRelease, kernel });

/** etcd's programs, account and folders on one host; nothing is started. */
export function etcdInstallStep(
  spec: ClusterSpec,
  host: HostSpec,
  artifacts: ArtifactSource = sourceOf(spec),
): HostStep<Inspection> {
  const { dataDir, walDir } = spec.etcd;
  const own = { mode: 0o700, owner: etcdUser, group: etcdUser };
  return hostStateStep({
    id: etcdStepId("install", host.name),
    title: `Install etcd on ${host.name}`,
    phase: "etcd",
    on: host.name,
    after: [osBaselineStepId(host.name)],
    needs,
    resources: (found) => [
      ...programs(spec, artifacts, found.os, found.kernel.architecture),
      systemUser(etcdUser, "/var/lib/etcd"),
      directory({ path: dataDir, ...own }),
      ...(walDir === undefined ? [] : [directory({ path: walDir, ...own })]),
      directory({ path: etcdPkiDir, mode: 0o750, group: etcdUser }),
    ],
  });
}

/** The path systemd starts. */
export function etcdProgram(spec: ClusterSpec): string {
  const { source } = spec.etcd;
  return source.from === "distribution" ? "/usr/bin/etcd" : `${etcdFolder(source.version)}/etcd`;
}

/** Each version has a folder of its own, so that going back is a matter of the unit. */
function etcdFolder(version: string): string {
  return releaseFolder("etcd", `v${version}`);
}

function programs(
  spec: ClusterSpec,
  artifacts: ArtifactSource,
  os: OsRelease,
  architecture: string,
): readonly Resource[] {
  const { source } = spec.etcd;
  const { packageManager, packages: names, name } = distributionOf(os);
  if (source.from === "distribution") {
    // Ubuntu 22.04 has etcd 3.3, which knows neither learners nor the options used here.
    // https://packages.ubuntu.com/jammy/etcd (2026-11-21)
    if (names.etcd === undefined || name === "ubuntu-22.04") throw notInDistribution(os);
    // The packages start a cluster of one at once.
    return [packages([...names.etcd, "openssl"], packageManager, { keepStopped: ["etcd.service"] })];
  }
  return [
    packages(
      ["openssl", "curl", "tar"].filter((one) => packageManager === "apt" || one !== "curl"),
      packageManager,
    ),
    placedRelease({
      title: `etcd ${source.version}`,
      folder: etcdFolder(source.version),
      contents: {
        kind: "archive",
        origin: artifacts.file(fileNames.etcd(source.version, architectureOf(architecture))),
        strip: 1,
      },
      links: Object.fromEntries(["etcd", "etcdctl"].map((name) => [`${programFolder}/${name}`, name])),
    }),
  ];
}

function notInDistribution(os: OsRelease): ProblemError {
  return new ProblemError({
    code: "etcd/no-package",
    severity: "error",
    message: `etcd cannot be installed from the packages of ${os.prettyName}`,
    because: "it has none, or one older than 3.4",
    hint: { text: "Set etcd.source to a release of the etcd project, with its version and SHA-256" },
  });
}
