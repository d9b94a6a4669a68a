import { z } from "zod";
import { containerdRelease } from "../../domain/containerd-release.ts";
import { wholeNumber } from "./numbers.ts";
import { textOf } from "./value-kind.ts";
import { valueKinds } from "./value-kinds.ts";

/** `spec.runtime`: containerd. */
export const runtimeSchema = z
  .strictObject({
    source: z
      .strictObject({
        from: z
          .enum(["package", "release"])
          .describe(
            "package: containerd of the hosts' repositories. release: the project's tarball, with runc of the distribution.",
          )
          .default("package"),
        version: textOf(valueKinds.releaseVersion, containerdRelease)
          .describe("Release of containerd to install; only with from: release.")
          .optional(),
        sha256: textOf(valueKinds.sha256)
          .describe("SHA-256 of the tarball; only with from: release. Without it, the one published beside it.")
          .optional(),
      })
      .describe(
        "Where containerd comes from. Kubernetes 1.36 wants containerd 2, which older distributions do not have.",
      )
      .prefault({}),
    package: textOf(valueKinds.packageName)
      .describe("Package containerd comes from: containerd, or containerd.io of a repository the hosts have.")
      .default("containerd"),
    version: textOf(valueKinds.packageVersion)
      .describe(
        "Exact package version to hold. Without it, the newest in the repositories at installation, then left alone.",
      )
      .optional(),
    pauseImage: textOf(valueKinds.image)
      .describe(
        "Image of the pod sandbox. Default: the one of the Kubernetes version, from kubernetes.imageRepository.",
      )
      .optional(),
    maxConcurrentDownloads: wholeNumber(1, 100).describe("Layers of one image pulled at the same time.").default(6),
    mirrors: z
      .record(
        textOf(valueKinds.registry),
        z
          .array(
            z.strictObject({
              url: textOf(valueKinds.url, "https://registry.example.com/v2/docker-hub").describe(
                "Endpoint of the mirror.",
              ),
              caFile: textOf(valueKinds.hostPath, "/etc/ssl/certs/example-ca.pem")
                .describe("CA certificate on the hosts to check it with.")
                .optional(),
              skipVerify: z.boolean().describe("Accept any certificate; for labs only.").default(false),
            }),
          )
          .min(1)
          .describe("Mirrors, tried in order before the registry itself."),
      )
      .describe("Registry host to its mirrors; _default is for all other registries.")
      .default({}),
    metricsAddress: textOf(valueKinds.listenAddress)
      .describe("Address and port containerd serves metrics on.")
      .default("127.0.0.1:1338"),
    cgroupDriver: z
      .enum(["auto", "systemd", "cgroupfs"])
      .describe("cgroup driver; auto: systemd unless the host runs cgroup v1.")
      .default("auto"),
    restrictOomScoreAdj: z
      .union([z.boolean(), z.literal("auto")])
      .describe("Whether containerd must not lower oom_score_adj; auto: on where the host cannot.")
      .default("auto"),
  })
  .describe("containerd on every cluster host.");
