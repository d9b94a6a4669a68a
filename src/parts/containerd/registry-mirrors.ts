import { file } from "../../resources/file.ts";
import { noOthers } from "../../resources/no-others.ts";
import type { Resource } from "../../resources/resource.ts";
import type { RuntimeSpec } from "../../spec/cluster-spec.ts";
import { managedHeader, managedMark } from "../managed-header.ts";
import { registriesFolder } from "./containerd-config.ts";
import { tomlString } from "./toml-string.ts";

type Mirrors = RuntimeSpec["mirrors"][string];

/** Docker's registry answers at another name than its images bear. */
const servers: Readonly<Record<string, string>> = { "docker.io": "https://registry-1.docker.io" };

/**
 * hosts.toml of one registry: the mirrors in order, then the registry itself. containerd reads it at every pull, so it
 * needs no restart. https://github.com/containerd/containerd/blob/main/docs/hosts.md (2025-11-20)
 */
export function hostsToml(registry: string, mirrors: Mirrors): string {
  // "_default" stands for every registry without a folder of its own and has no server to name.
  const server = registry === "_default" ? "" : `server = ${tomlString(servers[registry] ?? `https://${registry}`)}\n`;
  const hosts = mirrors.map(({ url, caFile, skipVerify }) => {
    const lines = [`[host.${tomlString(url)}]`, `  capabilities = ["pull", "resolve"]`];
    // An address that names the API's path already (a project of Harbor's) is used as it is.
    if (/^https?:\/\/[^/]+\/v2(\/|$)/.test(url)) lines.push("  override_path = true");
    if (caFile !== undefined) lines.push(`  ca = ${tomlString(caFile)}`);
    if (skipVerify) lines.push("  skip_verify = true");
    return `\n${lines.join("\n")}\n`;
  });
  return `${managedHeader(`where images of ${registry} come from`)}${server}${hosts.join("")}`;
}

/** A hosts.toml for each mirrored registry; those of registries that are mirrored no more are removed. */
export function registryMirrors(mirrors: RuntimeSpec["mirrors"]): readonly Resource[] {
  const files = Object.entries(mirrors)
    .filter(([, endpoints]) => endpoints.length > 0)
    .map(([registry, endpoints]) => ({
      path: `${registriesFolder}/${registry}/hosts.toml`,
      content: hostsToml(registry, endpoints),
    }));
  const paths = files.map((one) => one.path);
  return [...files.map(file), noOthers(registriesFolder, "hosts.toml", managedMark, paths)];
}
