import { interpreter } from "../../facts/interpreter.ts";
import { type PackageSources, packageSources } from "../../facts/package-sources.ts";
import { type TcpReach, tcpReach } from "../../facts/tcp-reach.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { isNode } from "../../spec/hosts-by-role.ts";
import { judgeHosts } from "../ask-hosts.ts";
import { bundleOf } from "../bundle-of.ts";
import type { Finding, PreflightCheck } from "../check.ts";
import { runsEtcd } from "../hosts-by-duty.ts";

interface Source {
  readonly url: string;
  readonly kind: (typeof kinds)[number];
}

const kinds = ["packages", "etcd releases", "Kubernetes programs", "images"] as const;

const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443, "ftp:": 21 };

/** Where packages, releases and images come from answers, tried from every host with a connection. */
export const artifacts: PreflightCheck = {
  name: "artifacts",
  asks: "sources of packages, releases and images",
  run: (context) => {
    const fromBundle = bundledKinds(context.spec);
    return judgeHosts(context, context.hosts, "every source of packages, releases and images answers", async (host) => {
      const [by, packages] = await Promise.all([
        context.fact(host.name, interpreter),
        context.fact(host.name, packageSources),
      ]);
      const sources = sourcesFor(context.spec, host, packages, fromBundle);
      if (by === undefined) {
        return [
          {
            severity: "warning",
            message: "it was not tried whether packages and images can be fetched",
            because: "there is neither Perl nor Python to try it with",
            hint: { text: "install python3 or perl" },
          },
        ];
      }
      const places = sources.map(({ url }) => placeOf(url));
      const distinct = [...new Map(places.map((place) => [`${place.host} ${place.port}`, place])).values()];
      if (distinct.length === 0) return judgeNone(packages);
      const reaches = await context.fact(host.name, tcpReach(by, distinct));
      const tried = sources.map((source, at) => {
        const place = places[at];
        return {
          source,
          reach: reaches[distinct.findIndex((one) => one.host === place?.host && one.port === place.port)],
        };
      });
      return judge(tried, context.spec.artifacts.bundle !== undefined);
    });
  },
};

/** What no host has to fetch. A bundle that cannot be read brings nothing here; the check "bundle" says so. */
function bundledKinds(spec: ClusterSpec): ReadonlySet<Source["kind"]> {
  const found = bundleOf(spec);
  if (found === undefined || "problem" in found) return new Set();
  const has = found.bundle.index.artifacts.some((one) => one.kind === "package");
  return new Set(has && spec.artifacts.packageMirror === undefined ? ["packages", "etcd releases"] : ["etcd releases"]);
}

function sourcesFor(
  spec: ClusterSpec,
  host: HostSpec,
  packages: PackageSources,
  fromBundle: ReadonlySet<Source["kind"]>,
): readonly Source[] {
  const mirror = spec.artifacts.packageMirror?.url;
  const urls = packages.proxy === undefined ? packages.urls : [packages.proxy];
  const fromPackages = (mirror === undefined ? urls : [mirror]).map((url): Source => ({ url, kind: "packages" }));
  const fromReleases: Source[] =
    spec.etcd.source.from === "release" && runsEtcd(spec, host)
      ? [{ url: spec.artifacts.filesBaseUrl, kind: "etcd releases" }]
      : [];
  // From a bundle nodes get both.
  const forNodes =
    isNode(host) && spec.artifacts.bundle === undefined ? [...programSources(spec), ...imageSources(spec)] : [];
  return [...fromPackages, ...fromReleases, ...forNodes].filter(
    ({ url, kind }) => !fromBundle.has(kind) && /^(https?|ftp):\/\//i.test(url),
  );
}

function programSources(spec: ClusterSpec): readonly Source[] {
  const isBinary = spec.kubernetes.install === "binaries";
  return isBinary ? [{ url: spec.artifacts.kubernetesBaseUrl, kind: "Kubernetes programs" }] : [];
}

/** The registry of the pause image, which every node pulls first, or the mirrors that stand in for it. */
function imageSources(spec: ClusterSpec): readonly Source[] {
  const registry = spec.runtime.pauseImage.split("/")[0] ?? "";
  const mirrors = spec.runtime.mirrors[registry] ?? [];
  const urls = mirrors.length > 0 ? mirrors.map((mirror) => mirror.url) : [`https://${registry}`];
  return urls.map((url) => ({ url, kind: "images" }));
}

function placeOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? (defaultPorts[protocol] ?? 443) : Number(port) };
}

function judgeNone(packages: PackageSources): readonly Omit<Finding, "host">[] {
  if (packages.kind !== "none") return [];
  return [
    {
      severity: "warning",
      message: "the host has no package repositories that are known here",
      because: "neither apt nor dnf is set up",
      hint: { text: "set up the distribution's repositories, or name a mirror in artifacts.packageMirror" },
    },
  ];
}

function judge(
  tried: readonly { readonly source: Source; readonly reach: TcpReach | undefined }[],
  hasBundle: boolean,
): readonly Omit<Finding, "host">[] {
  const isReached = ({ reach }: { readonly reach: TcpReach | undefined }) => reach?.state === "open";
  return kinds.flatMap((kind) => {
    const ofKind = tried.filter(({ source }) => source.kind === kind);
    const failed = ofKind.filter((one) => !isReached(one));
    if (failed.length === 0) return [];
    const answering = ofKind.length - failed.length;
    const shown = failed.map(({ source, reach }) => `${source.url} (${said(reach)})`);
    return [
      {
        // Programs and images come late, and a bundle may have the packages; without packages and etcd apply stops early.
        severity: answering > 0 || isLate(kind) || (kind === "packages" && hasBundle) ? "warning" : "error",
        message: answering > 0 ? `some sources of ${kind} do not answer` : `no source of ${kind} answers`,
        because: shown.join(", "),
        hint: { text: hintFor(kind, hasBundle) },
      },
    ];
  });
}

function isLate(kind: Source["kind"]): boolean {
  return kind === "images" || kind === "Kubernetes programs";
}

function hintFor(kind: Source["kind"], hasBundle: boolean): string {
  if (kind === "images") return "open the way to the registry, name a mirror in runtime.mirrors, or use a bundle";
  if (kind === "Kubernetes programs")
    return "open the way to it, name another artifacts.kubernetesBaseURL, or use a bundle";
  const open = "open the way to it, or name one the hosts can reach in artifacts";
  return kind === "packages" && hasBundle ? `nothing, if the packages are in the bundle; else ${open}` : open;
}

function said(reach: TcpReach | undefined): string {
  if (reach === undefined) return "not tried";
  if (reach.state === "silent") return "no answer in 3 s";
  return "because" in reach ? reach.because : reach.state;
}
