import type { LockName, StepId } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";

export const etcdEnvironmentPath = "/etc/etcd/etcd.env";
/** There only while a member is being born; see docs/adr/0003-etcd-bootstrap.md. */
export const etcdBootstrapPath = "/etc/etcd/bootstrap.env";
export const etcdUnitPath = "/etc/systemd/system/etcd.service";
/** The account etcd runs under; the distributions' packages make the same one. */
export const etcdUser = "etcd";

/** Names in the vault. */
export const etcdAuthority = { certificate: "etcd/ca.crt", key: "etcd/ca.key" } as const;

/** Held while a running member is restarted. */
export const etcdRolloutLock = "etcd-rollout" as LockName;
/** Held while members are added or promoted. */
export const etcdMembershipLock = "etcd-membership" as LockName;

export const etcdAuthorityStepId = "etcd.ca" as StepId;
export const etcdBootstrapStepId = "etcd.bootstrap" as StepId;
export const etcdStartStepId = "etcd.start" as StepId;

type HostStepKind = "install" | "certs" | "client-certs" | "configure" | "restart" | "join" | "promote";

/** "etcd.join/cp-2". */
export function etcdStepId(kind: HostStepKind, host: HostName): StepId {
  return `etcd.${kind}/${host}` as StepId;
}
