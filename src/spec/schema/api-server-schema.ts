import { z } from "zod";
import { flagsSchema } from "./flags-schema.ts";
import { wholeNumber } from "./numbers.ts";
import { textOf } from "./value-kind.ts";
import { valueKinds } from "./value-kinds.ts";

const auditSchema = z
  .strictObject({
    enabled: z.boolean().describe("Whether requests are recorded in /var/log/kubernetes/audit.").default(true),
    policy: textOf(valueKinds.auditPolicy)
      .describe("An audit policy of your own, as text after `|`. Without it, Slipway's.")
      .optional(),
    maxAgeDays: wholeNumber(1, 3650).describe("Days a rotated log file is kept.").default(7),
    maxBackups: wholeNumber(1, 1000).describe("Most rotated log files kept.").default(10),
    maxSizeMegabytes: wholeNumber(1, 10_000)
      .describe("Size at which the log file is rotated, in megabytes.")
      .default(100),
  })
  .describe("The audit log.")
  .prefault({});

const encryptionSchema = z
  .strictObject({
    provider: z
      .enum(["secretbox", "aesgcm", "kms", "none"])
      .describe(
        "secretbox and aesgcm: with a key Slipway makes and rotates; secretbox is the stronger (https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/). kms: with a KMS version 2 plugin on the control planes. none: not encrypted.",
      )
      .default("secretbox"),
    resources: z
      .array(textOf(valueKinds.resourcePlural))
      .min(1)
      .describe("Kinds of objects that are encrypted in etcd, as plural names, with their group after a dot.")
      .default(["secrets"]),
    name: textOf(valueKinds.plainName, "vault").describe("Name of the KMS plugin; only with provider: kms.").optional(),
    endpoint: textOf(valueKinds.unixEndpoint)
      .describe("Socket of the KMS plugin on the control planes; only with provider: kms.")
      .optional(),
  })
  .describe("Encryption at rest.")
  .prefault({});

const oidcSchema = z
  .array(
    z.strictObject({
      issuerURL: textOf(valueKinds.url, "https://login.example.com").describe(
        "URL of the issuer; https, as it is in the tokens.",
      ),
      audiences: z
        .array(textOf(valueKinds.claimText, "kubernetes"))
        .min(1)
        .describe("Client ids a token must be for; one of them is enough."),
      certificateAuthority: textOf(valueKinds.certificate)
        .describe("Certificate (PEM) the issuer is checked with, as text after `|`. Without it, the system's.")
        .optional(),
      usernameClaim: textOf(valueKinds.claimText, "email").describe("Claim that is the user's name.").default("sub"),
      usernamePrefix: textOf(valueKinds.claimPrefix, "oidc:")
        .describe("Put before user names, so that they cannot be those of Kubernetes itself.")
        .default("oidc:"),
      groupsClaim: textOf(valueKinds.claimText, "groups")
        .describe("Claim that lists the user's groups.")
        .default("groups"),
      groupsPrefix: textOf(valueKinds.claimPrefix, "oidc:")
        .describe("Put before group names; spec.teams names groups with it.")
        .default("oidc:"),
    }),
  )
  .max(64)
  .describe("OpenID Connect issuers people sign in with (structured authentication configuration).")
  .default([]);

/** `spec.kubernetes.apiServer`. */
export const apiServerSchema = z
  .strictObject({
    extraArgs: flagsSchema,
    extraSANs: z
      .array(textOf(valueKinds.timeServer, "kubernetes.example.com"))
      .describe("Names and addresses for its certificate, beyond the endpoint's and the control planes' own.")
      .default([]),
    maxRequestsInflight: wholeNumber(1, 1_000_000)
      .describe("Most reading requests served at the same time (kube-apiserver's own default is 400).")
      .default(3000),
    maxMutatingRequestsInflight: wholeNumber(1, 1_000_000)
      .describe("Most changing requests served at the same time (kube-apiserver's own default is 200).")
      .default(1500),
    requestTimeoutSeconds: wholeNumber(1, 3600).describe("Seconds a request may take.").default(60),
    eventTTLMinutes: wholeNumber(1, 43_200).describe("Minutes events are kept.").default(60),
    admissionPlugins: z
      .array(textOf(valueKinds.admissionPlugin))
      .describe("Admission plugins on top of NodeRestriction and those kube-apiserver enables by default.")
      .default([]),
    audit: auditSchema,
    encryption: encryptionSchema,
    oidc: oidcSchema,
  })
  .describe("kube-apiserver on the control planes.");
