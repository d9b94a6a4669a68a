import type { HostAct } from "../../engine/step.ts";
import type { Read } from "../../hosts/port.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { Resource } from "../../resources/resource.ts";

/** A release of the etcd project, as it is published: one tarball with everything in it. */
export interface EtcdRelease {
  /** Without a "v". */
  readonly version: string;
  /** Of the tarball. */
  readonly sha256: string;
  readonly baseUrl: string;
  readonly architecture: "amd64" | "arm64";
}

const programs = ["etcd", "etcdctl"] as const;
const downloadWithinMs = 10 * 60_000;

/** Each version has a folder of its own, so that going back is a matter of the unit. */
export function etcdReleaseDir(release: Pick<EtcdRelease, "version">): string {
  return `/opt/etcd/${release.version}`;
}

/**
 * The programs of a release in a folder of their own, and `/usr/local/bin/etcdctl`. The tarball is downloaded by the
 * host and checked before it is unpacked; the digests of the programs are noted beside them, so a program that was
 * exchanged later is drift.
 */
export function etcdRelease(release: EtcdRelease): Resource {
  const dir = etcdReleaseDir(release);
  const key = `etcd release ${release.version}`;
  const notePath = `${dir}/SHA256SUMS`;
  const linkPath = "/usr/local/bin/etcdctl";
  const note: Read = { kind: "content", path: notePath, maxBytes: 4096 };
  const digests = programs.map((name): Read => ({ kind: "digest", path: `${dir}/${name}` }));
  const link: Read = { kind: "run", argv: ["readlink", "--", linkPath] };
  return {
    key,
    reads: [note, ...digests, link],
    compare(answers) {
      const noted = answers.of(note);
      const text = noted.kind === "content" ? noted.bytes.toString("utf8") : undefined;
      const found = digests.map((read) => answers.of(read));
      const target = answers.of(link);
      const asNoted =
        text === undefined
          ? ["missing"]
          : programs.filter((name, index) => {
              const digest = found[index];
              return digest?.kind !== "digest" || !text.includes(`${digest.sha256}  ${name}\n`);
            });
      const fromOther = text !== undefined && !text.startsWith(`# ${release.sha256}\n`);
      const linked = target.kind === "result" && target.stdout.toString("utf8").trim() === `${dir}/etcdctl`;
      if (asNoted.length === 0 && !fromOther && linked) return { state: "same" };
      const because =
        text === undefined
          ? {}
          : {
              because:
                asNoted.length > 0 ? `${asNoted.join(", ")} changed since it was unpacked` : "it is another build",
            };
      const linkOnly = asNoted.length === 0 && !fromOther;
      return {
        state: "different",
        changes: [
          linkOnly
            ? { verb: "update", what: `link ${linkPath}`, to: `${dir}/etcdctl` }
            : { verb: text === undefined ? "create" : "update", what: key, to: dir, ...because },
        ],
        make: async (act) => {
          if (!linkOnly) await unpack(act, release, dir, notePath);
          await act.change({ kind: "run", argv: ["ln", "-sfn", "--", `${dir}/etcdctl`, linkPath] });
        },
      };
    },
  };
}

async function unpack(act: HostAct, release: EtcdRelease, dir: string, notePath: string): Promise<void> {
  const name = `etcd-v${release.version}-linux-${release.architecture}`;
  const url = `${release.baseUrl.replace(/\/+$/, "")}/v${release.version}/${name}.tar.gz`;
  const tarball = `${dir}/${name}.tar.gz`;
  await act.change({ kind: "run", argv: ["install", "-d", "-m", "0755", "--", dir] });
  await act.change({
    kind: "run",
    argv: ["curl", "--fail", "--silent", "--show-error", "--location", "--retry", "3", "--output", tarball, "--", url],
    timeoutMs: downloadWithinMs,
  });
  const digest = await act.fact({
    name: `digest ${tarball}`,
    reads: [{ kind: "digest", path: tarball }],
    parse: ([answer]) => (answer?.kind === "digest" ? answer.sha256 : "nothing"),
  });
  if (digest !== release.sha256.toLowerCase()) {
    await act.change({ kind: "remove", path: tarball });
    throw wrongDigest(url, digest, release.sha256);
  }
  await act.change({
    kind: "run",
    argv: [
      "tar",
      "-xzf",
      tarball,
      "-C",
      dir,
      "--strip-components=1",
      "--no-same-owner",
      ...programs.map((one) => `${name}/${one}`),
    ],
  });
  await act.change({ kind: "remove", path: tarball });
  const sums = await act.change({ kind: "run", argv: ["env", "-C", dir, "sha256sum", "--", ...programs] });
  const content = `# ${release.sha256}\n${sums.stdout.toString("utf8")}`;
  await act.change({ kind: "write", path: notePath, content, mode: 0o644 });
}

function wrongDigest(url: string, found: string, wanted: string): ProblemError {
  return new ProblemError({
    code: "etcd/release-digest",
    severity: "error",
    message: `the etcd release from ${url} is not the one the cluster file names`,
    because: `its SHA-256 is ${found}, wanted ${wanted}`,
    hint: { text: "Compare etcd.source.sha256 with the SHA256SUMS of the release, and look at what the mirror serves" },
  });
}
