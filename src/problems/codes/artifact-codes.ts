import type { ProblemCode } from "../problem.ts";

/** Codes of programs, images and packages, and of the bundles they come in. */
export const artifactCodes: Readonly<Record<ProblemCode, string>> = {
  "artifact/archive-unreadable":
    "An image archive, chart or package given to 'bundle create' cannot be read, or is of a kind that is not understood.",
  "artifact/bundle-damaged":
    "A bundle is cut off, changed or not a bundle. Copy or make it again; 'slipway bundle verify' reads all of it.",
  "artifact/bundle-unreadable": "The bundle file the cluster file names cannot be read.",
  "artifact/digest-differs":
    "A file that was downloaded is not the one its publisher or the cluster file names by SHA-256. Nothing of it was used.",
  "artifact/missing":
    "Something the cluster file needs is not in the bundle, or nobody publishes it. Make the bundle anew from this cluster file.",
  "artifact/not-downloaded":
    "A file or image cannot be downloaded to make a bundle. Run it where the internet or the mirror is reached, or give it with --from-dir.",
  "artifact/not-imported":
    "containerd took an image archive, and the image in it is not the one the bundle's index names.",
  "artifact/packages-not-placed":
    "System packages of that distribution cannot come out of a bundle. Name a mirror the hosts can reach.",
  "artifact/unknown-kubernetes": "This Slipway does not know which images belong to that version of Kubernetes.",
};
