import { isIPv6 } from "node:net";
import type { ClusterSpec, EndpointSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { managedHeader } from "../managed-header.ts";
import { hostsWith } from "./haproxy-config.ts";
import { keepalivedSecretPath } from "./layout.ts";

export type VirtualIp = EndpointSpec & { readonly kind: "virtual-ip" };

/**
 * All hosts have the same priority. A backup takes over from a master that is silent or advertises less, and never from
 * one that advertises as much: so nothing fails back when a host returns, without `nopreempt`, which would also keep a
 * healthy host from taking over from one that has lost sight of the API servers.
 * vrrp_state_backup() in keepalived 2.1.5 and 2.2.7, https://github.com/acassen/keepalived/issues/2599 (2026-11-21)
 *
 * Close to 255, because a backup waits (256 - priority) / 256 s longer than for the advertisements it may miss.
 */
const priority = 250;
/** Taken off while a host sees no ready API server. Small: it lengthens a takeover by 20/256 s. */
const withoutApiServer = 20;

/**
 * What the installed Keepalived understands. "2.1": RHEL 8 and its kin. "2.2": everything newer that is supported, where
 * it can be said how many advertisements may be missed (from 2.2.3 on).
 * https://github.com/acassen/keepalived/pull/1963, https://www.keepalived.org/release-notes/ 2.2.3 (2026-11-21)
 */
export type KeepalivedDialect = "2.1" | "2.2";

/**
 * Authenticated VRRP advertises in whole seconds, and three missed ones would cost up to 3.02 s. Two cost at most 2.02 s;
 * a takeover for nothing, which two lost packets in a row can then cause, ends with the next advertisement.
 */
const missedAdvertisements = 2;

/**
 * keepalived.conf of one load-balancer host. `network` is the interface the VIP goes on.
 *
 * The host leaves the election when its HAProxy does not answer at all, and yields to a peer that sees a ready API
 * server when it sees none itself. With no API server anywhere (before Kubernetes is installed) all are equal and the
 * VIP is served all the same.
 */
export function keepalivedConfig(
  spec: ClusterSpec,
  vip: VirtualIp,
  host: HostSpec,
  network: string,
  dialect: KeepalivedDialect,
): string {
  const peers = hostsWith(spec, "load-balancer").filter((other) => other.name !== host.name);
  const authenticated = vip.failover !== "fast" && !isIPv6(vip.address);
  const ask = "/usr/bin/curl -s -o /dev/null -m 1";
  const url = `http://127.0.0.1:${spec.loadBalancer.statsPort}/readyz`;
  return `${[
    managedHeader("which load balancer has the virtual IP").trimEnd(),
    block("global_defs", [
      `router_id ${host.name}`,
      "enable_script_security",
      "script_user nobody",
      "vrrp_check_unicast_src",
      // Neighbours learn of a takeover at once, again a second later, and are reminded in case both were lost.
      "vrrp_garp_master_repeat 3",
      "vrrp_garp_master_delay 1",
      "vrrp_garp_master_refresh 10",
    ]),
    block("vrrp_script haproxy_answers", [
      "# Any HTTP answer will do: this is whether HAProxy works.",
      `script "${ask} ${url}"`,
      "interval 1",
      "timeout 2",
      "fall 2",
      "rise 1",
    ]),
    block("vrrp_script api_server_ready", [
      "# Only 200 will do: at least one API server passes its /readyz check.",
      `script "${ask} -f ${url}"`,
      "interval 1",
      "timeout 2",
      "fall 2",
      "rise 2",
      `weight -${withoutApiServer}`,
    ]),
    block("vrrp_instance kubernetes_api", [
      "state BACKUP",
      `interface ${network}`,
      `virtual_router_id ${vip.routerId}`,
      `priority ${priority}`,
      ...(authenticated ? ["advert_int 1", `include ${keepalivedSecretPath}`] : ["version 3", "advert_int 0.5"]),
      ...(authenticated && dialect !== "2.1" ? [`down_timer_adverts ${missedAdvertisements}`] : []),
      ...(vip.vrrp === "unicast" && peers.length > 0 ? unicast(host, peers) : []),
      ...nested("virtual_ipaddress", [`${vip.address}/${vip.prefix} dev ${network}`]),
      ...nested("track_script", ["haproxy_answers", "api_server_ready"]),
    ]),
  ].join("\n\n")}\n`;
}

/**
 * The authentication of VRRP version 2: eight characters, sent in the clear. It keeps clusters with the same router id
 * apart and mistakes out, not an attacker on the network. Version 3, which IPv6 needs, has none.
 * RFC 3768 §10, RFC 5798 §9
 */
export function keepalivedSecret(password: string): string {
  return `${block("authentication", ["auth_type PASS", `auth_pass ${password}`])}\n`;
}

function unicast(host: HostSpec, peers: readonly HostSpec[]): readonly string[] {
  return [
    `unicast_src_ip ${host.address}`,
    ...nested(
      "unicast_peer",
      peers.map((peer) => peer.address),
    ),
  ];
}

function nested(name: string, lines: readonly string[]): readonly string[] {
  return block(name, lines).split("\n");
}

function block(name: string, lines: readonly string[]): string {
  return [`${name} {`, ...lines.map((line) => `    ${line}`), "}"].join("\n");
}
