import { type Problem, ProblemError } from "../problems/problem.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";
import type { ArtifactSource, Origin } from "./artifact-source.ts";

const cniPluginsUrl = "https://github.com/containernetworking/plugins/releases/download";
const containerdUrl = "https://github.com/containerd/containerd/releases/download";
const helmUrl = "https://get.helm.sh";

/**
 * What its publishers put on the internet, or what mirrors the cluster file names in their place. Hosts download files
 * themselves, and pull images by way of containerd's mirrors.
 */
export function publicSource(spec: Pick<ClusterSpec, "artifacts" | "runtime" | "etcd">): ArtifactSource {
  return {
    title: "the internet",
    file(name) {
      const origin = publicFile(spec, name);
      if (origin !== undefined) return origin;
      if (name.startsWith("charts/")) throw new ProblemError(chartWithoutDigest(name));
      throw new ProblemError({
        code: "artifact/missing",
        severity: "error",
        message: `nobody publishes ${name}`,
        because: "it is none of the files this Slipway knows an address of",
      });
    },
    image: () => undefined,
    packages: () => undefined,
    chart: () => undefined,
  };
}

function publicFile(spec: Pick<ClusterSpec, "artifacts" | "runtime" | "etcd">, name: string): Origin | undefined {
  const [project, version = "", , architecture = "", program] = name.split("/");
  const { artifacts, runtime, etcd } = spec;
  switch (project) {
    case "kubernetes": {
      const url = `${artifacts.kubernetesBaseUrl}/${version}/bin/linux/${architecture}/${program ?? ""}`;
      return { kind: "download", url, digest: { published: `${url}.sha256` } };
    }
    case "cni-plugins": {
      const url = `${cniPluginsUrl}/${version}/cni-plugins-linux-${architecture}-${version}.tgz`;
      return { kind: "download", url, digest: { published: `${url}.sha256` } };
    }
    case "containerd": {
      const url = `${containerdUrl}/v${version}/containerd-${version}-linux-${architecture}.tar.gz`;
      const pinned = runtime.source.from === "release" ? runtime.source.sha256 : undefined;
      return {
        kind: "download",
        url,
        digest: pinned === undefined ? { published: `${url}.sha256sum` } : { sha256: pinned.toLowerCase() },
      };
    }
    case "etcd": {
      if (etcd.source.from !== "release") return undefined;
      const url = `${artifacts.filesBaseUrl}/${version}/etcd-${version}-linux-${architecture}.tar.gz`;
      // The project publishes one list for all its files and no digest beside each; the cluster file has to name it.
      if (etcd.source.sha256 === undefined) return undefined;
      return { kind: "download", url, digest: { sha256: etcd.source.sha256.toLowerCase() } };
    }
    case "helm": {
      const url = `${helmUrl}/helm-${version}-linux-${architecture}.tar.gz`;
      return { kind: "download", url, digest: { published: `${url}.sha256sum` } };
    }
    default:
      return undefined;
  }
}

/** Repositories of charts publish no digest beside the file, so nothing says that what came is what was meant. */
function chartWithoutDigest(name: string): Problem {
  return {
    code: "artifact/missing",
    severity: "error",
    message: `${name} cannot be taken from the internet`,
    because: "its publisher puts no digest beside it, and Slipway takes nothing unchecked",
    hint: {
      text: `download the chart, check it, put it into a folder as files/${name}.tgz, and make a bundle of it`,
      command: "slipway bundle create FILE --from-dir FOLDER",
    },
  };
}
