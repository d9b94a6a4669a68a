import type { ContainerdVersion } from "../../facts/containerd-version.ts";
import type { RuntimeSpec } from "../../spec/cluster-spec.ts";
import { managedHeader } from "../managed-header.ts";
import { tomlString } from "./toml-string.ts";

/** Where registries are described, one folder each. */
export const registriesFolder = "/etc/containerd/certs.d";
export const containerdSocket = "/run/containerd/containerd.sock";

/** What of the configuration depends on the host and not on the cluster file. */
export interface RuntimeHost {
  /** systemd makes the control groups of pods, as opposed to runc itself. */
  readonly systemdCgroup: boolean;
  /** oom_score_adj of containers is kept at or above containerd's own. */
  readonly restrictOomScoreAdj: boolean;
}

/**
 * Which form of config.toml a containerd reads: 2 is what 1.x knows; 2.x has version 3 with other plugin ids, and from
 * 2.1 on pulls images through its transfer service, which has settings of its own.
 *
 * https://github.com/containerd/containerd/blob/main/docs/cri/config.md (2025-11-20)
 */
export type ConfigForm = "version-2" | "version-3" | "version-3-transfer";

export function configFormFor(version: ContainerdVersion): ConfigForm {
  if (version.major < 2) return "version-2";
  return version.major === 2 && version.minor === 0 ? "version-3" : "version-3-transfer";
}

/** The text of /etc/containerd/config.toml. */
export function containerdConfig(runtime: RuntimeSpec, host: RuntimeHost, form: ConfigForm): string {
  const version = form === "version-2" ? 2 : 3;
  const metrics =
    runtime.metricsAddress === ""
      ? ""
      : `\n[metrics]\n  address = ${tomlString(runtime.metricsAddress)}\n  grpc_histogram = true\n`;
  return `${managedHeader(`containerd, configuration version ${version}`)}version = ${version}
root = "/var/lib/containerd"
state = "/run/containerd"

[grpc]
  address = ${tomlString(containerdSocket)}
${metrics}
${form === "version-2" ? version2Plugins(runtime, host) : version3Plugins(runtime, host, form)}
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"
`;
}

function version2Plugins(runtime: RuntimeSpec, host: RuntimeHost): string {
  const cri = `plugins."io.containerd.grpc.v1.cri"`;
  return `[${cri}]
  sandbox_image = ${tomlString(runtime.pauseImage)}
  max_concurrent_downloads = ${runtime.maxConcurrentDownloads}
  restrict_oom_score_adj = ${host.restrictOomScoreAdj}

[${cri}.containerd]
  default_runtime_name = "runc"
  discard_unpacked_layers = false

[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[${cri}.containerd.runtimes.runc.options]
  SystemdCgroup = ${host.systemdCgroup}

[${cri}.registry]
  config_path = ${tomlString(registriesFolder)}

[${cri}.cni]
  bin_dir = "/opt/cni/bin"
  conf_dir = "/etc/cni/net.d"
`;
}

function version3Plugins(runtime: RuntimeSpec, host: RuntimeHost, form: ConfigForm): string {
  const images = `plugins."io.containerd.cri.v1.images"`;
  const cri = `plugins."io.containerd.cri.v1.runtime"`;
  const transfer = form === "version-3-transfer";
  const downloads = `  max_concurrent_downloads = ${runtime.maxConcurrentDownloads}\n`;
  // Set with the images plugin, it would make containerd 2.1 and later fall back to pulling without the transfer service.
  const transferTable = transfer ? `\n[plugins."io.containerd.transfer.v1.local"]\n${downloads}` : "";
  // Debian's network plugins lie in /usr/lib/cni, those that pods install in /opt/cni/bin.
  const plugins = transfer ? `bin_dirs = ["/opt/cni/bin", "/usr/lib/cni"]` : `bin_dir = "/opt/cni/bin"`;
  return `[${images}]
  discard_unpacked_layers = false
${transfer ? "" : downloads}
[${images}.pinned_images]
  sandbox = ${tomlString(runtime.pauseImage)}

[${images}.registry]
  config_path = ${tomlString(registriesFolder)}
${transferTable}
[${cri}]
  restrict_oom_score_adj = ${host.restrictOomScoreAdj}

[${cri}.containerd]
  default_runtime_name = "runc"

[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[${cri}.containerd.runtimes.runc.options]
  SystemdCgroup = ${host.systemdCgroup}

[${cri}.cni]
  ${plugins}
  conf_dir = "/etc/cni/net.d"
`;
}
