import { dirname } from "node:path";
import { kubernetesPrograms } from "../../artifacts/file-names.ts";
import type { HostAct } from "../../engine/step.ts";
import type { Read } from "../../hosts/port.ts";
import { aptUpdate } from "../../resources/apt-install.ts";
import { file } from "../../resources/file.ts";
import { packages } from "../../resources/package.ts";
import type { Resource } from "../../resources/resource.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { absentIfManaged } from "../absent-if-managed.ts";
import { managedHeader } from "../managed-header.ts";
import type { Distribution } from "../os/distribution.ts";
import { kubeletUnitFiles, programFolder, releasesFolder } from "./artifacts-layout.ts";
import { enabledUnit } from "./enabled-unit.ts";
import { curl } from "./fetch-file.ts";
import { noLinksInto } from "./no-links-into.ts";

/** Has a repository for each minor version. https://kubernetes.io/blog/2023/08/15/pkgs-k8s-io-introduction/ (2026-11-21) */
const repository = "https://pkgs.k8s.io/core:/stable:";
const aptKey = "/etc/apt/keyrings/slipway-kubernetes.asc";
const aptList = "/etc/apt/sources.list.d/slipway-kubernetes.list";
const dnfRepo = "/etc/yum.repos.d/slipway-kubernetes.repo";
/** Revisions every release of that repository has had. */
const revision = { apt: "1.1", dnf: "150500.1.1" } as const;

/**
 * kubeadm, kubelet and kubectl of pkgs.k8s.io, in exactly one version and held; network plugins come with them. Programs
 * that were placed before give way once the packages are there. Only Debian's packages enable the kubelet by themselves.
 */
export function kubernetesPackages(spec: ClusterSpec, { packageManager }: Distribution): readonly Resource[] {
  const links = kubernetesPrograms.map((name) => `${programFolder}/${name}`);
  return [
    ...installed(spec, packageManager),
    ...kubeletUnitFiles.map((path) => absentIfManaged(path)),
    noLinksInto(releasesFolder("kubernetes"), links),
    enabledUnit("kubelet.service", kubeletUnitFiles),
  ];
}

function installed(
  { kubernetes, artifacts }: ClusterSpec,
  packageManager: Distribution["packageManager"],
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

/**
 * The key every package of the repository is signed with, as its publisher serves it over HTTPS. One that was cut off is
 * none: apt would refuse the repository for good.
 */
function repositoryKey(url: string): Resource {
  const read: Read = { kind: "content", path: aptKey, maxBytes: 64 * 1024 };
  return {
    key: `file ${aptKey}`,
    reads: [read],
    compare(answers) {
      const answer = answers.of(read);
      if (answer.kind === "content" && isWholeKey(answer.bytes.toString("latin1"))) return { state: "same" };
      const partial = `${aptKey}.partial`;
      const folder = dirname(aptKey);
      return {
        state: "different",
        changes: [{ verb: answer.kind === "content" ? "update" : "create", what: `file ${aptKey}`, to: `as ${url}` }],
        make: [
          { kind: "run", argv: ["mkdir", "-p", "--", folder] },
          { kind: "run", argv: [...curl, "--output", partial, "--", url] },
          { kind: "run", argv: ["mv", "-f", "--", partial, aptKey] },
        ],
      };
    },
  };
}

/** https://www.rfc-editor.org/rfc/rfc9580#section-6.2 */
function isWholeKey(text: string): boolean {
  const [begin, end] = ["BEGIN", "END"].map((word) => text.indexOf(`-----${word} PGP PUBLIC KEY BLOCK-----`));
  return begin !== undefined && end !== undefined && begin >= 0 && end > begin;
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
