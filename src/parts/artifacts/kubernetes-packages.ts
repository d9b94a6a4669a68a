import type { HostAct } from "../../engine/step.ts";
import type { Read } from "../../hosts/port.ts";
import { aptUpdate } from "../../resources/apt-install.ts";
import { file } from "../../resources/file.ts";
import { packages } from "../../resources/package.ts";
import type { Resource } from "../../resources/resource.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { managedHeader } from "../managed-header.ts";
import type { Distribution } from "../os/distribution.ts";

/** Has a repository for each minor version. https://kubernetes.io/blog/2023/08/15/pkgs-k8s-io-introduction/ (2026-11-21) */
const repository = "https://pkgs.k8s.io/core:/stable:";
const aptKey = "/etc/apt/keyrings/slipway-kubernetes.asc";
const aptList = "/etc/apt/sources.list.d/slipway-kubernetes.list";
const dnfRepo = "/etc/yum.repos.d/slipway-kubernetes.repo";
/** Revisions every release of that repository has had. */
const revision = { apt: "1.1", dnf: "150500.1.1" } as const;

/** kubeadm, kubelet and kubectl of pkgs.k8s.io, in exactly one version and held; network plugins come with them. */
export function kubernetesPackages(
  { kubernetes, artifacts }: ClusterSpec,
  { packageManager }: Distribution,
): readonly Resource[] {
  const { version } = kubernetes;
  const minor = version.split(".").slice(0, 2).join(".");
  const pinned = ["kubeadm", "kubelet", "kubectl"].map((name) => ({
    name,
    version: `${version}-${revision[packageManager]}`,
  }));
  // The mirror stands in for every repository, this one too.
  if (artifacts.packageMirror?.kind === packageManager) return [packages(pinned, packageManager)];
  if (packageManager === "dnf") {
    const url = `${repository}/v${minor}/rpm/`;
    return [
      file({
        path: dnfRepo,
        content: `${managedHeader("packages of Kubernetes")}[slipway-kubernetes]\nname=Kubernetes ${minor}\nbaseurl=${url}\nenabled=1\ngpgcheck=1\ngpgkey=${url}repodata/repomd.xml.key\n`,
      }),
      packages(pinned, "dnf"),
    ];
  }
  const url = `${repository}/v${minor}/deb/`;
  return [
    repositoryKey(`${url}Release.key`),
    file({
      path: aptList,
      content: `${managedHeader("packages of Kubernetes")}deb [signed-by=${aptKey}] ${url} /\n`,
    }),
    repositoryLists,
    packages(pinned, "apt"),
  ];
}

/** The key every package of the repository is signed with, as its publisher serves it over HTTPS. */
function repositoryKey(url: string): Resource {
  const stat: Read = { kind: "stat", path: aptKey };
  return {
    key: `file ${aptKey}`,
    reads: [stat],
    compare(answers) {
      if (answers.of(stat).kind === "stat") return { state: "same" };
      const argv = [
        "curl",
        "--fail",
        "--silent",
        "--show-error",
        "--location",
        "--create-dirs",
        "--output",
        aptKey,
        "--",
        url,
      ];
      return {
        state: "different",
        changes: [{ verb: "create", what: `file ${aptKey}`, to: `as ${url}` }],
        make: [{ kind: "run", argv }],
      };
    },
  };
}

/** apt knows a repository only once its lists were fetched. */
const repositoryLists: Resource = {
  key: "package lists of Kubernetes",
  reads: [],
  compare(_answers, changed) {
    if (!changed.has(`file ${aptList}`)) return { state: "same" };
    const because = `${aptList} changes`;
    return {
      state: "different",
      changes: [{ verb: "run", what: "package lists", to: "refreshed", because }],
      make: async (act: HostAct) => {
        await act.change(aptUpdate);
      },
    };
  },
};
