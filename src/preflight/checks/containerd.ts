import { containerdRelease } from "../../domain/containerd-release.ts";
import { needsContainerd2 } from "../../domain/containerd-two.ts";
import { aptCandidate } from "../../facts/apt-candidate.ts";
import { containerdVersion, parseContainerdVersion } from "../../facts/containerd-version.ts";
import { isNode } from "../../spec/hosts-by-role.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { PreflightCheck } from "../check.ts";

/** A containerd that the version of Kubernetes is made for, where a package of the host brings it. */
export const containerd: PreflightCheck = {
  name: "containerd",
  asks: "containerd 2 for Kubernetes 1.36 and newer",
  run: async (context) => {
    const { kubernetes, runtime, artifacts } = context.spec;
    if (runtime.source.from === "release") {
      return { state: "skipped", because: `containerd ${runtime.source.version} comes as a release` };
    }
    if (!needsContainerd2(kubernetes.version)) {
      return { state: "skipped", because: `Kubernetes ${kubernetes.version} still runs with containerd 1` };
    }
    const hosts = context.hosts.filter(isNode);
    return await judgeHosts(context, hosts, "every host has or gets containerd 2", async (host) => {
      const [installed, candidate] = await Promise.all([
        context.fact(host.name, containerdVersion),
        context.fact(host.name, aptCandidate(runtime.package)),
      ]);
      const pinned = runtime.version === undefined ? undefined : parseContainerdVersion(runtime.version);
      // A bundle may bring another one than the repositories have.
      const fromRepository = artifacts.bundle === undefined ? parseContainerdVersion(candidate ?? "") : undefined;
      const version = pinned ?? installed ?? fromRepository;
      if (version === undefined || version.major >= 2) return [];
      const where =
        pinned !== undefined
          ? "runtime.version is"
          : installed !== undefined
            ? "installed is"
            : `package ${runtime.package} of the host's repositories is`;
      return [
        {
          severity: "warning",
          message: `containerd is too old for Kubernetes ${kubernetes.version}`,
          because: `${where} ${version.text}; Kubernetes 1.35 is the last that supports containerd 1`,
          hint: {
            text: `write runtime.source: { from: release, version: ${containerdRelease} }, or use a repository with containerd 2`,
          },
        },
      ];
    });
  },
};
