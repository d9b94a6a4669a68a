import { domain, hasNoDotSegment, isHost, isPort } from "./text-patterns.ts";
import type { ValueKind } from "./value-kind.ts";

/** Texts of the cluster file that name software: versions, digests, packages and images. */
export const softwareValueKinds = {
  kubernetesVersion: {
    what: "a Kubernetes version",
    rule: "major.minor.patch, with or without a leading 'v'",
    example: "1.36.2",
    maxLength: 16,
    pattern: /^v?(?:0|[1-9][0-9]{0,2})\.(?:0|[1-9][0-9]{0,2})\.(?:0|[1-9][0-9]{0,2})$/,
  },
  etcdVersion: {
    what: "an etcd version",
    rule: "3.minor.patch without a leading 'v'",
    example: "3.5.30",
    maxLength: 12,
    pattern: /^3\.(?:0|[1-9][0-9]{0,2})\.(?:0|[1-9][0-9]{0,2})$/,
  },
  pluginVersion: {
    what: "a version of a network plugin",
    rule: "major.minor.patch, with or without a leading 'v'",
    example: "1.20.2",
    maxLength: 16,
    pattern: /^v?(?:0|[1-9][0-9]{0,2})\.(?:0|[1-9][0-9]{0,2})\.(?:0|[1-9][0-9]{0,2})$/,
  },
  releaseVersion: {
    what: "a version",
    rule: "major.minor.patch without a leading 'v'",
    example: "3.5.30",
    maxLength: 16,
    pattern: /^(?:0|[1-9][0-9]{0,2})\.(?:0|[1-9][0-9]{0,2})\.(?:0|[1-9][0-9]{0,2})$/,
  },
  sha256: {
    what: "a SHA-256 digest",
    rule: "64 lower-case hexadecimal digits",
    example: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    maxLength: 64,
    pattern: /^[0-9a-f]{64}$/,
  },
  packageName: {
    what: "a package name",
    rule: "letters, digits, '.', '_', '+' and '-', starting with a letter or digit",
    example: "nfs-common",
    maxLength: 128,
    pattern: /^[A-Za-z0-9][A-Za-z0-9._+-]*$/,
  },
  packageVersion: {
    what: "a package version",
    rule: "letters, digits and . + ~ : _ ^ -, starting with a letter or digit",
    example: "1.7.27-1~deb12u1",
    maxLength: 128,
    pattern: /^[A-Za-z0-9][A-Za-z0-9.+~:_^-]*$/,
  },
  suite: {
    what: "a suite of an apt repository",
    rule: "letters, digits, '.', '_', '/' and '-', starting with a letter or digit",
    example: "bookworm",
    maxLength: 64,
    pattern: /^[A-Za-z0-9][A-Za-z0-9._/-]*$/,
    accepts: hasNoDotSegment,
  },
  image: {
    what: "an image reference",
    rule: "[registry[:port]/]path[:tag][@sha256:digest] in lower case",
    example: "registry.k8s.io/pause:3.10.2",
    maxLength: 400,
    pattern:
      /^(?:[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::[0-9]{1,5})?\/)?[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)*(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/,
  },
  imageRepository: {
    what: "an image repository",
    rule: "registry[:port][/path] in lower case, without tag and digest",
    example: "registry.example.com/k8s",
    maxLength: 300,
    pattern: /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?(?:\/[a-z0-9][a-z0-9._-]*)*$/,
    accepts: (text) => isPort(/^[^/]*:([0-9]+)/.exec(text)?.[1]),
  },
  registry: {
    what: "a registry host",
    rule: "a DNS name or IPv4 address with an optional port, or _default for all others",
    example: "docker.io",
    maxLength: 259,
    pattern: new RegExp(`^(?:_default|${domain}(?::[0-9]{1,5})?)$`),
    accepts: (text) =>
      text === "_default" || (isPort(/:([0-9]+)$/.exec(text)?.[1]) && isHost(text.replace(/:[0-9]+$/, ""))),
  },
} as const satisfies Readonly<Record<string, ValueKind>>;
