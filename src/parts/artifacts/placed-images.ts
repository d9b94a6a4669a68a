import type { ImageOrigin } from "../../artifacts/artifact-source.ts";
import type { Change, HostAct } from "../../engine/step.ts";
import { containerdImages, pinnedLabel } from "../../facts/containerd-images.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { Comparison, Resource } from "../../resources/resource.ts";
import { imageFolder } from "./artifacts-layout.ts";

const importWithinMs = 10 * 60_000;

/**
 * Images in containerd, by reference and digest, and pinned: what the kubelet removed to gain space would have to come from
 * here again. While one is imported the next is on its way; an archive that arrived
 * before an interruption is not sent again, and is removed once its image is in containerd.
 */
export function placedImages(images: readonly ImageOrigin[]): Resource {
  return {
    key: "container images",
    reads: containerdImages.reads,
    compare(answers): Comparison {
      const there = containerdImages.parse(containerdImages.reads.map((read) => answers.of(read)));
      const missing = images.filter(({ ref, digest }) => there?.get(ref)?.digest !== digest);
      const loose = images.filter((image) => !missing.includes(image) && there?.get(image.ref)?.isPinned === false);
      const changes = [
        ...missing.map(({ ref, digest }): Change => {
          const from = there?.get(ref)?.digest;
          return {
            verb: from === undefined ? "create" : "update",
            what: `image ${ref}`,
            ...(from === undefined ? {} : { from: shortened(from) }),
            to: shortened(digest),
          };
        }),
        ...loose.map(
          ({ ref }): Change => ({ verb: "update", what: `image ${ref}`, because: "the kubelet may remove it" }),
        ),
      ];
      const [first, ...rest] = changes;
      if (first === undefined) return { state: "same" };
      return {
        state: "different",
        changes: [first, ...rest],
        make: async (act) => {
          if (missing.length > 0) await importAll(act, missing);
          for (const { ref } of [...missing, ...loose]) {
            await act.change({
              kind: "run",
              argv: ["ctr", "--namespace", "k8s.io", "images", "label", ref, pinnedLabel],
            });
          }
        },
      };
    },
  };
}

async function importAll(act: HostAct, images: readonly ImageOrigin[]): Promise<void> {
  let coming: Promise<string> | undefined;
  try {
    for (const [at, image] of images.entries()) {
      const path = await (coming ?? send(act, image));
      const next = images[at + 1];
      coming = next === undefined ? undefined : send(act, next);
      // Whoever waits for it hears of its failure; until then it must not count as unheard.
      coming?.catch(() => undefined);
      act.say(`importing ${image.ref}`);
      await act.change({
        kind: "run",
        argv: ["ctr", "--namespace", "k8s.io", "images", "import", path],
        timeoutMs: importWithinMs,
      });
      await act.change({ kind: "remove", path });
    }
    // Archives of an earlier bundle whose import was interrupted.
    await act.change({ kind: "remove", path: imageFolder, recursive: true });
  } finally {
    // Nothing is on its way any more when the step is over.
    await coming?.catch(() => undefined);
  }
  const there = await act.fact(containerdImages);
  for (const { ref, digest } of images) {
    const found = there?.get(ref)?.digest;
    if (found !== digest) throw notImported(ref, found, digest);
  }
}

async function send(act: HostAct, image: ImageOrigin): Promise<string> {
  const { localPath, part } = image.archive;
  const path = `${imageFolder}/${part.sha256}.tar`;
  await act.change({ kind: "upload", localPath, part, path, mode: 0o600, passing: true });
  return path;
}

function notImported(ref: string, found: string | undefined, wanted: string): ProblemError {
  return new ProblemError({
    code: "artifact/not-imported",
    severity: "error",
    message: `the image ${ref} is not in containerd after its archive was imported`,
    because: `found ${found ?? "none of that name"}, wanted ${wanted}`,
    hint: { text: "Look at what containerd has", command: "ctr --namespace k8s.io images list" },
  });
}

function shortened(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}
