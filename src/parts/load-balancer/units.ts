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

/** keepalived.service comes back by itself. */
export const keepalivedDropIn = `${managedHeader("Keepalived returns when it dies")}
[Unit]
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=1s
`;
