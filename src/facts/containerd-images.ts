import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";

/** Images containerd has for Kubernetes: reference to digest of what it names ("sha256:..."). */
export type ContainerdImages = ReadonlyMap<string, string>;

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
    const images = new Map<string, string>();
    const [title, ...lines] = result.stdout.toString("utf8").split("\n");
    if (!/^REF\s+TYPE\s+DIGEST\b/.test(title ?? ""))
      throw notUnderstood("containerd-images", asked, answer, "it does not begin with REF, TYPE and DIGEST");
    for (const line of lines) {
      if (line.trim() === "") continue;
      const [ref, , digest] = line.trim().split(/\s+/);
      if (ref === undefined || digest === undefined || !/^sha256:[0-9a-f]{64}$/.test(digest))
        throw notUnderstood("containerd-images", asked, answer, `line "${line}" has no digest`);
      images.set(ref, digest);
    }
    return images;
  },
};
