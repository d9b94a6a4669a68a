import { managedHeader } from "../managed-header.ts";
import { etcdBootstrapPath, etcdEnvironmentPath, etcdUser } from "./etcd-layout.ts";

/**
 * etcd.service, in place of the one a package brings. It starts only with data, or with what a birth needs: a member
 * that lost its disk does not come back as another one.
 */
export function etcdUnit(program: string, dataDir: string): string {
  return `${managedHeader("etcd")}
[Unit]
Description=etcd
Documentation=https://etcd.io/docs/
Wants=network-online.target
After=network-online.target
AssertPathExists=|${dataDir}/member
AssertPathExists=|${etcdBootstrapPath}
StartLimitIntervalSec=0

[Service]
Type=notify
User=${etcdUser}
Group=${etcdUser}
EnvironmentFile=${etcdEnvironmentPath}
EnvironmentFile=-${etcdBootstrapPath}
ExecStart=${program}
Restart=always
RestartSec=1s
# It is ready when it has joined a quorum, however long the others take.
TimeoutStartSec=infinity
LimitNOFILE=65536
IOSchedulingClass=best-effort
IOSchedulingPriority=0
OOMScoreAdjust=-999
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
`;
}
