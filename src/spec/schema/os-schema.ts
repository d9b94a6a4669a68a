import { z } from "zod";
import { textOf } from "./value-kind.ts";
import { valueKinds } from "./value-kinds.ts";

/** `spec.os`. */
export const osSchema = z
  .strictObject({
    timeServers: z
      .array(textOf(valueKinds.timeServer))
      .describe("NTP servers for chrony, names or addresses; your own are best.")
      .default(["0.pool.ntp.org", "1.pool.ntp.org", "2.pool.ntp.org", "3.pool.ntp.org"]),
    sysctls: z
      .record(
        textOf(valueKinds.sysctlKey),
        z.union([z.int(), textOf(valueKinds.sysctlValue)]).describe("A whole number or text."),
      )
      .describe("Kernel settings added to, and winning over, the baseline's.")
      .default({}),
    packages: z.array(textOf(valueKinds.packageName)).describe("Packages added to the baseline's.").default([]),
    storageClients: z
      .boolean()
      .describe("Install open-iscsi and an NFS client, for storage that needs them.")
      .default(false),
  })
  .describe("The baseline of the operating system, on every host.");

/** `spec.artifacts`. */
export const artifactsSchema = z
  .strictObject({
    bundle: textOf(valueKinds.localPath, "./production.tar")
      .describe(
        "Bundle file on this computer (absolute, under ~/, or relative to the cluster file): programs, packages and images come from it, and the hosts need no way out.",
      )
      .optional(),
    kubernetesBaseURL: textOf(valueKinds.url)
      .describe("Where release programs of Kubernetes come from; the path below is vVERSION/bin/linux/ARCH/FILE.")
      .default("https://dl.k8s.io"),
    filesBaseURL: textOf(valueKinds.url)
      .describe("Where etcd release tarballs come from; the path below is vVERSION/FILE as on GitHub.")
      .default("https://github.com/etcd-io/etcd/releases/download"),
    packageMirror: z
      .strictObject({
        kind: z.enum(["apt", "dnf"]).describe("Kind of repository."),
        url: textOf(valueKinds.url).describe("Base URL of the repository."),
        suite: textOf(valueKinds.suite).describe("Suite (apt only). Default: the release's code name.").optional(),
        components: z
          .array(textOf(valueKinds.packageName))
          .min(1)
          .describe("Components (apt only). Default: main.")
          .optional(),
        signedBy: textOf(valueKinds.hostPath, "/usr/share/keyrings/example.gpg")
          .describe("Keyring (apt) or GPG key (dnf) on the hosts to check it with.")
          .optional(),
      })
      .describe("Package repository instead of the ones the hosts have. Without it, those are left alone.")
      .optional(),
  })
  .describe("Where hosts get programs, files and packages from.");

/** `spec.preflight`. */
export const preflightSchema = z
  .strictObject({
    downgrade: z
      .array(
        z.strictObject({
          check: textOf(valueKinds.checkName).describe("Name of the check, as printed in brackets."),
          reason: textOf(valueKinds.reason).describe("Why it is acceptable here; printed beside the warning."),
        }),
      )
      .describe("Preflight checks whose errors count as warnings.")
      .default([]),
  })
  .describe("Checks before anything is changed.");
