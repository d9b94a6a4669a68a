import { hasNoDotSegment, isNotNumeric, isPort, segment, subdomain } from "./text-patterns.ts";
import type { ValueKind } from "./value-kind.ts";

/** Texts of the cluster file about hosts: how they are called and reached, and what is set on them. */
export const hostValueKinds = {
  hostName: {
    what: "a host name",
    rule: "an RFC 1123 name of at most 63 characters: lower-case letters, digits and '-', labels separated by '.', not a number or address",
    example: "cp-1",
    maxLength: 63,
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
} as const satisfies Readonly<Record<string, ValueKind>>;
