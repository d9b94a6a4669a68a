import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";

/** An image containerd has for Kubernetes. */
export interface ContainerdImage {
  /** "sha256:...", of what its reference names. */
  readonly digest: string;
  /** The kubelet never removes it to gain space. */
  readonly isPinned: boolean;
}

/** By reference: "registry.k8s.io/pause:3.10.2". */
export type ContainerdImages = ReadonlyMap<string, ContainerdImage>;

/** containerd, internal/cri/labels: what the CRI plugin tells the kubelet not to remove (2026-11-21). */
export const pinnedLabel = "io.cri-containerd.pinned=pinned";

const argv = ["ctr", "--namespace", "k8s.io", "images", "list"];
const asked = argv.join(" ");

/** The images containerd has in the namespace of Kubernetes; undefined when it is not installed or does not run. */
export const containerdImages: Fact<ContainerdImages | undefined> = {
  name: "containerd-images",
  reads: [{ kind: "run", argv }],
  parse([answer]) {
    const result = commandOf("containerd-images", asked, answer);
    if (result.exitCode === 127) return undefined;
    if (result.exitCode !== 0) {
      if (/failed to dial|connection refused|no such file or directory/i.test(result.stderr.toString("utf8")))
        return undefined;
      throw notUnderstood("containerd-images", asked, answer, `it ended with exit code ${result.exitCode}`);
    }
    const images = new Map<string, ContainerdImage>();
    const [title, ...lines] = result.stdout.toString("utf8").split("\n");
    if (!/^REF\s+TYPE\s+DIGEST\b/.test(title ?? ""))
      throw notUnderstood("containerd-images", asked, answer, "it does not begin with REF, TYPE and DIGEST");
    for (const line of lines) {
      if (line.trim() === "") continue;
      const [ref, , digest] = line.trim().split(/\s+/);
      if (ref === undefined || digest === undefined || !/^sha256:[0-9a-f]{64}$/.test(digest))
        throw notUnderstood("containerd-images", asked, answer, `line "${line}" has no digest`);
      images.set(ref, { digest, isPinned: line.includes(pinnedLabel) });
    }
    return images;
  },
};
