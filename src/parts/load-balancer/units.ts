import { managedHeader } from "../managed-header.ts";

/**
 * haproxy.service comes back by itself, at once and for ever. RHEL has no runtime directory for the socket, and systemd
 * makes one that outlives a restart.
 */
export const haproxyDropIn = `${managedHeader("HAProxy returns at once when it dies")}
[Unit]
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=100ms
RuntimeDirectory=haproxy
RuntimeDirectoryPreserve=yes
`;

/**
 * keepalived.service comes back by itself. The first thing it does is to take away a virtual IP that a killed one has
 * left on the interface; so where there is a peer it waits until that has taken over (three advertisements of a second),
 * and the address is never without somebody who answers.
 */
export function keepalivedDropIn(hasPeers: boolean): string {
  return `${managedHeader("Keepalived returns when it dies")}
[Unit]
StartLimitIntervalSec=0

[Service]
# A child process reports readiness too.
NotifyAccess=all
Restart=always
RestartSec=${hasPeers ? "4s" : "100ms"}
`;
}
