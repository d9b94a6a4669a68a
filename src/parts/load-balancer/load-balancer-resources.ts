import { Secret } from "../../hosts/secret.ts";
import { checkedFile } from "../../resources/checked-file.ts";
import { file } from "../../resources/file.ts";
import type { Resource } from "../../resources/resource.ts";
import { service } from "../../resources/service.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import type { Distribution } from "../os/distribution.ts";
import { backendServers, type HaproxyDialect, haproxyConfig, hostsWith } from "./haproxy-config.ts";
import { type KeepalivedDialect, keepalivedConfig, keepalivedSecret, type VirtualIp } from "./keepalived-config.ts";
import {
  haproxyConfigPath,
  haproxyDropInPath,
  keepalivedConfigPath,
  keepalivedDropInPath,
  keepalivedSecretPath,
} from "./layout.ts";
import { runningServers } from "./running-servers.ts";
import { selinuxBooleans } from "./selinux-booleans.ts";
import { haproxyDropIn, keepalivedDropIn } from "./units.ts";
import { vrrpPasswordStepId } from "./vrrp-password-step.ts";

/** HAProxy's files, service and running servers, in the order they are made. */
export function haproxyResources(spec: ClusterSpec, distribution: Distribution): readonly Resource[] {
  const haproxy = checkedFile({
    path: haproxyConfigPath,
    content: haproxyConfig(spec, haproxyDialect(distribution)),
    check: (path) => ["haproxy", "-c", "-f", path],
  });
  return [
    // Both bind or connect to ports SELinux does not know as theirs.
    ...(distribution.packageManager === "dnf"
      ? [selinuxBooleans(["haproxy_connect_any", "keepalived_connect_any"])]
      : []),
    file({ path: haproxyDropInPath, content: haproxyDropIn }),
    haproxy.noCandidate,
    haproxy.file,
    service({
      unit: "haproxy.service",
      loads: [haproxyConfigPath],
      unitFiles: [haproxyDropInPath],
      onChange: "reload",
    }),
    runningServers(backendServers(spec), spec.loadBalancer.statsPort),
  ];
}

/** Keepalived's files and service. Without the password, what depends on it waits for the step that makes it. */
export function keepalivedResources(
  spec: ClusterSpec,
  vip: VirtualIp,
  host: HostSpec,
  network: string,
  password: Secret | undefined,
  distribution: Distribution,
): readonly Resource[] {
  const config = keepalivedConfig(spec, vip, host, network, keepalivedDialect(distribution));
  const keepalived = checkedFile({
    path: keepalivedConfigPath,
    content: config,
    // Up to 2.2.7 the checker kills itself over a script of another user than root; fixed in 2.2.8.
    checkedContent: config.replace("script_user nobody", "script_user root"),
    check: (path) => ["keepalived", "--config-test", "--use-file", path],
  });
  return [
    file({ path: keepalivedDropInPath, content: keepalivedDropIn(hostsWith(spec, "load-balancer").length > 1) }),
    passwordFile(password),
    keepalived.noCandidate,
    keepalived.file,
    service({
      unit: "keepalived.service",
      loads: [keepalivedConfigPath, keepalivedSecretPath],
      unitFiles: [keepalivedDropInPath],
      onChange: "reload",
    }),
  ];
}

function passwordFile(password: Secret | undefined): Resource {
  if (password !== undefined) {
    const content = new Secret(keepalivedSecret(password.reveal().toString("utf8")));
    return file({ path: keepalivedSecretPath, content, mode: 0o600 });
  }
  return {
    key: `file ${keepalivedSecretPath}`,
    reads: [],
    compare: () => ({ state: "unknown", until: vrrpPasswordStepId, because: "the password is not made yet" }),
  };
}

function haproxyDialect(distribution: Distribution): HaproxyDialect {
  return distribution.name === "rhel-8" ? "1.8" : "2.4";
}

function keepalivedDialect(distribution: Distribution): KeepalivedDialect {
  return distribution.name === "rhel-8" ? "2.1" : "2.2";
}
