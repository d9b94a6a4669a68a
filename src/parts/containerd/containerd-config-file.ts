import type { NonEmpty } from "../../engine/step.ts";
import { aptCandidate } from "../../facts/apt-candidate.ts";
import { type ContainerdVersion, containerdVersion, parseContainerdVersion } from "../../facts/containerd-version.ts";
import type { Read } from "../../hosts/port.ts";
import { type CheckedFile, checkedFile } from "../../resources/checked-file.ts";
import type { PackageManager } from "../../resources/package.ts";
import type { Answers, Resource } from "../../resources/resource.ts";
import type { RuntimeSpec } from "../../spec/cluster-spec.ts";
import { type ConfigForm, configFormFor, containerdConfig, type RuntimeHost } from "./containerd-config.ts";

export const containerdConfigPath = "/etc/containerd/config.toml";

/** config.toml for a release whose version is known. */
export function releasedConfigFile(
  runtime: RuntimeSpec,
  host: RuntimeHost,
  version: ContainerdVersion,
): readonly Resource[] {
  const { noCandidate, file } = checkedConfig(runtime, host, configFormFor(version));
  return [noCandidate, file];
}

/** What the installed containerd cannot read never takes the place of what it has read. */
function checkedConfig(runtime: RuntimeSpec, host: RuntimeHost, form: ConfigForm): CheckedFile {
  return checkedFile({
    path: containerdConfigPath,
    content: containerdConfig(runtime, host, form),
    check: (path) => ["containerd", "--config", path, "config", "dump"],
  });
}

/**
 * config.toml, written for the containerd that is installed, or that is going to be: a pinned one, or the one apt would
 * choose. Where that cannot be told, it is unknown until the package is there. `packageKey` is the key of the resource
 * that installs it.
 *
 * `config dump` of 1.6.20 refuses what is no TOML, keys that are there twice and values of another type, those of plugins
 * too. It accepts unknown keys and settings that only the plugin itself refuses: these show after the restart.
 */
export function containerdConfigFile(
  runtime: RuntimeSpec,
  host: RuntimeHost,
  manager: PackageManager,
  packageKey: string,
): readonly Resource[] {
  const declare = (form: ConfigForm) => checkedConfig(runtime, host, form);
  const declared = {
    "version-2": declare("version-2"),
    "version-3": declare("version-3"),
    "version-3-transfer": declare("version-3-transfer"),
  } as const satisfies Record<ConfigForm, CheckedFile>;
  const { noCandidate, file } = declared["version-2"];
  const pinned = runtime.version === undefined ? undefined : parseContainerdVersion(runtime.version);
  const candidate = manager === "apt" ? aptCandidate(runtime.package) : undefined;
  const [firstOfCandidate, ...restOfCandidate] = candidate?.reads ?? [];
  const candidateReads: NonEmpty<Read> | undefined =
    firstOfCandidate === undefined ? undefined : [firstOfCandidate, ...restOfCandidate];

  function candidateVersion(answers: Answers): ContainerdVersion | undefined {
    const found = candidate?.parse(candidate.reads.map((read) => answers.of(read)));
    return found === undefined ? undefined : parseContainerdVersion(found);
  }

  const written: Resource = {
    key: file.key,
    reads: [...containerdVersion.reads, ...file.reads],
    compare(answers, changed) {
      const installed = containerdVersion.parse(containerdVersion.reads.map((read) => answers.of(read)));
      const coming = changed.has(packageKey) ? pinned : undefined;
      const known = coming ?? installed;
      if (known !== undefined) return declared[configFormFor(known)].file.compare(answers, changed);
      if (candidateReads !== undefined && !candidateReads.every((read) => answers.has(read))) {
        return { state: "read-more", reads: candidateReads };
      }
      const expected = candidateVersion(answers);
      if (expected !== undefined) return declared[configFormFor(expected)].file.compare(answers, changed);
      return { state: "unknown", because: "it is written for the containerd version that gets installed" };
    },
  };
  return [noCandidate, written];
}
