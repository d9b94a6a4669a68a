import { addressFamily, parseCidr } from "../../domain/addresses.ts";
import type { ValueKind } from "./value-kind.ts";

const label = "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?";
const subdomain = `${label}(?:\\.${label})*`;
const domain = "[A-Za-z0-9](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*";
const segment = "[A-Za-z0-9._@+=-]+";

function hasNoDotSegment(path: string): boolean {
  return path.split("/").every((part) => part !== "." && part !== "..");
}

/** A last label of digits only would read as an IP address. */
function isNotNumeric(name: string): boolean {
  return !/(?:^|\.)[0-9]+$/.test(name) && name !== "localhost";
}

function isPort(text: string | undefined): boolean {
  return text === undefined || (Number(text) >= 1 && Number(text) <= 65535);
}

function isHost(text: string): boolean {
  return addressFamily(text) === 4 || isNotNumeric(text);
}

/** Every kind of text of the cluster file. */
export const valueKinds = {
  clusterName: {
    what: "a cluster name",
    rule: "1 to 40 lower-case letters, digits and '-', starting with a letter and ending with a letter or digit",
    example: "production",
    maxLength: 40,
    pattern: /^[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?$/,
  },
  hostName: {
    what: "a host name",
    rule: "an RFC 1123 name of at most 63 characters: lower-case letters, digits and '-', labels separated by '.', not a number or address",
    example: "cp-1",
    maxLength: 63,
    pattern: new RegExp(`^${subdomain}$`),
    accepts: isNotNumeric,
  },
  address: {
    what: "an IP address",
    rule: "IPv4 as four decimal numbers, or IPv6 without a zone",
    example: "10.0.0.11",
    maxLength: 39,
    pattern: /^[0-9A-Fa-f:.]+$/,
    accepts: (text) => addressFamily(text) !== undefined,
  },
  cidr: {
    what: "a CIDR range",
    rule: "an IPv4 or IPv6 address, '/', and a prefix length",
    example: "10.244.0.0/16",
    maxLength: 43,
    pattern: /^[0-9A-Fa-f:.]+\/[0-9]{1,3}$/,
    accepts: (text) => parseCidr(text) !== undefined,
  },
  domainName: {
    what: "a DNS name",
    rule: "letters, digits and '-', labels of at most 63 characters separated by '.', 253 characters in all, not a number or address",
    example: "api.example.com",
    maxLength: 253,
    pattern: new RegExp(`^${domain}$`),
    accepts: isNotNumeric,
  },
  timeServer: {
    what: "a time server",
    rule: "a DNS name or an IP address",
    example: "ntp.example.com",
    maxLength: 253,
    pattern: /^[A-Za-z0-9][A-Za-z0-9.:-]*$|^::[0-9A-Fa-f:]*$/,
    accepts: (text) =>
      addressFamily(text) !== undefined || (new RegExp(`^${domain}$`).test(text) && isNotNumeric(text)),
  },
  dnsDomain: {
    what: "a cluster DNS domain",
    rule: "lower-case letters, digits and '-', labels separated by '.'",
    example: "cluster.local",
    maxLength: 180,
    pattern: new RegExp(`^${subdomain}$`),
    accepts: isNotNumeric,
  },
  sshHost: {
    what: "an SSH destination",
    rule: "a name, an alias of ~/.ssh/config or an address: letters, digits, '.', '_', '-' and ':', not starting with '-'",
    example: "bastion-cp-1",
    maxLength: 253,
    pattern: /^[A-Za-z0-9:][A-Za-z0-9._:-]*$/,
  },
  userName: {
    what: "a user name",
    rule: "at most 64 letters, digits, '.', '_', '-' and '@', starting with a letter or '_'",
    example: "admin",
    maxLength: 64,
    pattern: /^[A-Za-z_][A-Za-z0-9._@-]*$/,
  },
  proxyJump: {
    what: "a jump host",
    rule: "[user@]host[:port], several separated by ',' without spaces",
    example: "admin@bastion.example.com:22",
    maxLength: 512,
    pattern:
      /^(?:[A-Za-z_][A-Za-z0-9._-]{0,63}@)?[A-Za-z0-9][A-Za-z0-9._-]{0,252}(?::[0-9]{1,5})?(?:,(?:[A-Za-z_][A-Za-z0-9._-]{0,63}@)?[A-Za-z0-9][A-Za-z0-9._-]{0,252}(?::[0-9]{1,5})?)*$/,
    accepts: (text) => text.split(",").every((hop) => isPort(/:([0-9]+)$/.exec(hop)?.[1])),
  },
  localPath: {
    what: "a path on this computer",
    rule: "absolute, under ~/, or relative to the cluster file; letters, digits and . _ @ + = -; no '..'",
    example: "~/.ssh/id_ed25519",
    maxLength: 255,
    pattern: new RegExp(`^(?:~/|/|\\./)?[A-Za-z0-9._@+=][A-Za-z0-9._@+=-]*(?:/${segment})*$`),
    accepts: (text) => hasNoDotSegment(text.replace(/^\.\//, "")),
  },
  hostPath: {
    what: "a path on the host",
    rule: "absolute; letters, digits and . _ @ + = -; no '.' or '..' parts and no '/' at the end",
    example: "/var/lib/etcd",
    maxLength: 255,
    pattern: new RegExp(`^(?:/${segment})+$`),
    accepts: hasNoDotSegment,
  },
  interfaceName: {
    what: "a network interface name",
    rule: "1 to 15 letters, digits, '.', '_', ':' and '-', starting with a letter or digit (the kernel's limit is 15)",
    example: "eth0",
    maxLength: 15,
    pattern: /^[A-Za-z0-9][A-Za-z0-9._:-]*$/,
  },
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
  sha256: {
    what: "a SHA-256 digest",
    rule: "64 lower-case hexadecimal digits",
    example: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    maxLength: 64,
    pattern: /^[0-9a-f]{64}$/,
  },
  quantity: {
    what: "a size",
    rule: "a whole number of bytes, or one with Ki, Mi or Gi",
    example: "8Gi",
    maxLength: 20,
    pattern: /^[1-9][0-9]{0,15}(?:Ki|Mi|Gi)?$/,
  },
  compactionRetention: {
    what: "a retention",
    rule: "a duration such as 8h, 30m (mode periodic), or a number of revisions in quotes (mode revision)",
    example: "8h",
    maxLength: 12,
    pattern: /^[1-9][0-9]{0,9}[hms]?$/,
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
  image: {
    what: "an image reference",
    rule: "[registry[:port]/]path[:tag][@sha256:digest] in lower case",
    example: "registry.k8s.io/pause:3.10.1",
    maxLength: 400,
    pattern:
      /^(?:[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::[0-9]{1,5})?\/)?[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)*(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/,
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
  url: {
    what: "a URL",
    rule: "http:// or https://, a host, an optional port and path of letters, digits and . _ ~ + % / -; no user, password, query or fragment",
    example: "https://mirror.example.com/debian",
    maxLength: 1024,
    pattern:
      /^https?:\/\/(?:\[[0-9A-Fa-f:]{2,39}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._~+%-]*)*$/,
    accepts: (text) =>
      URL.canParse(text) && isPort(/^https?:\/\/[^/]*?:([0-9]+)(?:\/|$)/.exec(text)?.[1]) && hasNoDotSegment(text),
  },
  listenAddress: {
    what: "an address and port to listen on",
    rule: "IPv4:port or [IPv6]:port",
    example: "127.0.0.1:1338",
    maxLength: 47,
    pattern: /^(?:[0-9.]{7,15}|\[[0-9A-Fa-f:]{2,39}\]):[0-9]{1,5}$/,
    accepts: (text) => {
      const address = text.replace(/:[0-9]+$/, "").replace(/^\[|\]$/g, "");
      return addressFamily(address) === (text.startsWith("[") ? 6 : 4) && isPort(/:([0-9]+)$/.exec(text)?.[1]);
    },
  },
  sysctlKey: {
    what: "a sysctl key",
    rule: "letters, digits, '_', '-' and '/', parts separated by '.', at least two parts",
    example: "net.ipv4.ip_forward",
    maxLength: 128,
    pattern: /^[a-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_/-]+)+$/,
    accepts: (text) => !text.includes("//"),
  },
  sysctlValue: {
    what: "a sysctl value",
    rule: "at most 256 letters, digits, spaces and . , _ : / + | % -, on one line, not starting with a space or '-' unless a number",
    example: "1",
    maxLength: 256,
    pattern: /^(?:-?[0-9]|[A-Za-z0-9_./|])[A-Za-z0-9 .,_:/+|%-]*$/,
    accepts: (text) => text === text.trim(),
  },
  labelKey: {
    what: "a label key",
    rule: "[DNS prefix/]name: prefix at most 253 characters in lower case; name at most 63 letters, digits, '-', '_', '.', starting and ending with a letter or digit",
    example: "example.com/tier",
    maxLength: 317,
    pattern: new RegExp(`^(?:${subdomain}/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`),
    accepts: (text) => text.lastIndexOf("/") <= 253,
  },
  labelValue: {
    what: "a label value",
    rule: "at most 63 letters, digits, '-', '_' and '.', starting and ending with a letter or digit, or nothing",
    example: "ssd",
    maxLength: 63,
    pattern: /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/,
  },
  plainName: {
    what: "a name",
    rule: "1 to 63 lower-case letters, digits and '-', starting and ending with a letter or digit",
    example: "zone-a",
    maxLength: 63,
    pattern: /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/,
  },
  imageRepository: {
    what: "an image repository",
    rule: "registry[:port][/path] in lower case, without tag and digest",
    example: "registry.example.com/k8s",
    maxLength: 300,
    pattern: /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?(?:\/[a-z0-9][a-z0-9._-]*)*$/,
    accepts: (text) => isPort(/^[^/]*:([0-9]+)/.exec(text)?.[1]),
  },
  flagName: {
    what: "the name of a flag",
    rule: "lower-case letters, digits and '-', without dashes before it",
    example: "profiling",
    maxLength: 100,
    pattern: /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/,
  },
  flagValue: {
    what: "the value of a flag",
    rule: "at most 4096 characters on one line, without control or invisible characters",
    example: "30s",
    maxLength: 4096,
    pattern: /^[^\p{C}\p{Zl}\p{Zp}]*$/u,
  },
  auditPolicy: {
    what: "an audit policy",
    rule: "at most 65536 characters of YAML with apiVersion: audit.k8s.io/v1 and kind: Policy",
    example: "{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: Metadata}]}",
    maxLength: 65_536,
    pattern: /^[\P{C}\n\r\t]*$/u,
    accepts: (text) => text.includes("audit.k8s.io/v1") && /\bPolicy\b/.test(text) && /\brules\b/.test(text),
  },
  certificate: {
    what: "a certificate",
    rule: "PEM text of one or more certificates",
    example: "-----BEGIN CERTIFICATE----- MIIB -----END CERTIFICATE-----",
    maxLength: 65_536,
    pattern: /^\s*(?:-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/,
  },
  unixEndpoint: {
    what: "a socket",
    rule: "unix:// and an absolute path of letters, digits and . _ @ + = -",
    example: "unix:///run/kms/plugin.sock",
    maxLength: 115,
    pattern: new RegExp(`^unix://(?:/${segment})+$`),
    accepts: hasNoDotSegment,
  },
  resourcePlural: {
    what: "a kind of object",
    rule: "its plural name in lower case, with its group after a dot when it is not the core one",
    example: "secrets",
    maxLength: 253,
    pattern: new RegExp(`^${subdomain}$`),
  },
  claimText: {
    what: "the text of a claim",
    rule: "at most 253 letters, digits and . _ : / @ + ~ -, starting with a letter or digit",
    example: "email",
    maxLength: 253,
    pattern: /^[A-Za-z0-9][A-Za-z0-9._:/@+~-]*$/,
  },
  claimPrefix: {
    what: "a prefix",
    rule: "1 to 63 letters, digits and . _ : / # @ -, starting with a letter or digit",
    example: "oidc:",
    maxLength: 63,
    pattern: /^[A-Za-z0-9][A-Za-z0-9._:/#@-]*$/,
  },
  admissionPlugin: {
    what: "an admission plugin",
    rule: "letters and digits, starting with a capital, as kube-apiserver spells it",
    example: "AlwaysPullImages",
    maxLength: 63,
    pattern: /^[A-Z][A-Za-z0-9]*$/,
  },
  resourceQuantity: {
    what: "a quantity",
    rule: "a number without sign, with m, k, M, G, T, Ki, Mi, Gi or Ti or without a unit",
    example: "500m",
    maxLength: 24,
    pattern: /^[0-9]{1,15}(?:\.[0-9]{1,6})?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?$/,
  },
  evictionThreshold: {
    what: "an eviction threshold",
    rule: "a quantity such as 500Mi, or a percentage such as 10%",
    example: "10%",
    maxLength: 24,
    pattern: /^[0-9]{1,15}(?:\.[0-9]{1,6})?(?:m|k|M|G|T|Ki|Mi|Gi|Ti|%)?$/,
    accepts: (text) => !text.endsWith("%") || (Number.parseFloat(text) > 0 && Number.parseFloat(text) < 100),
  },
  configurationField: {
    what: "a field of KubeletConfiguration",
    rule: "letters and digits, starting with a lower-case letter",
    example: "cpuManagerPolicy",
    maxLength: 100,
    pattern: /^[a-z][A-Za-z0-9]*$/,
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
    example: "2.1.6",
    maxLength: 16,
    pattern: /^(?:0|[1-9][0-9]{0,2})\.(?:0|[1-9][0-9]{0,2})\.(?:0|[1-9][0-9]{0,2})$/,
  },
  resourceName: {
    what: "the name of a resource",
    rule: "as Kubernetes spells it: letters, digits and . - /, such as requests.cpu, pods or count/deployments.apps",
    example: "requests.cpu",
    maxLength: 253,
    pattern: /^[a-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?:\/[a-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)?$/,
  },
  subjectName: {
    what: "the name of a user or group",
    rule: "1 to 253 characters on one line, without control or invisible characters and without spaces around it",
    example: "oidc:developers",
    maxLength: 253,
    pattern: /^[^\p{C}\p{Zl}\p{Zp}]+$/u,
    accepts: (text) => text === text.trim() && !/[$`\\]/.test(text),
  },
  suite: {
    what: "a suite of an apt repository",
    rule: "letters, digits, '.', '_', '/' and '-', starting with a letter or digit",
    example: "bookworm",
    maxLength: 64,
    pattern: /^[A-Za-z0-9][A-Za-z0-9._/-]*$/,
    accepts: hasNoDotSegment,
  },
  checkName: {
    what: "the name of a preflight check",
    rule: "lower-case letters, digits and '-', as printed in brackets by preflight",
    example: "etcd-fsync",
    maxLength: 63,
    pattern: /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/,
  },
  reason: {
    what: "a reason",
    rule: "8 to 200 characters on one line, without control or invisible characters",
    example: "shared disk of the lab, accepted until June",
    maxLength: 200,
    pattern: /^[^\p{C}\p{Zl}\p{Zp}]*$/u,
    accepts: (text) => text.trim().length >= 8,
  },
} as const satisfies Readonly<Record<string, ValueKind>>;
