import type { ProblemCode } from "../problem.ts";

/** Codes of what Slipway makes and watches: etcd, load balancers, certificates. */
export const partCodes: Readonly<Record<ProblemCode, string>> = {
  "certificate/expired": "A certificate has expired. Apply issues a new one and loads it.",
  "certificate/expires-soon": "A certificate expires within 30 days. Apply issues a new one and loads it.",
  "certificate/not-understood": "A file that should hold a certificate or key holds something else.",
  "etcd/alarm": "A member raised an alarm (NOSPACE: the quota is reached; CORRUPT: members differ).",
  "etcd/authority-foreign":
    "The vault holds another certificate authority than the one most etcd members trust. Use the state folder the cluster was made with, or put its vault back.",
  "etcd/authority-missing":
    "etcd's certificate authority is not in the vault although members use it. Restore the state folder from its backup.",
  "etcd/fixed-setting-changed":
    "The cluster file moves the address, the data or the ports of an etcd member that lives already. Set it back: moving them is not supported yet.",
  "etcd/foreign-data":
    "A host holds data of another etcd cluster. Slipway never overwrites it: move it away if it is not needed.",
  "etcd/foreign-member": "A host's member belongs to another etcd cluster than the others.",
  "etcd/learner-in-the-way":
    "A learner that has never started blocks the next one, and it is not certain that nobody needs it. Start or remove it.",
  "etcd/member-data-lost": "A member of the cluster has no data any more. It must be replaced, not started anew.",
  "etcd/member-unhealthy": "A member does not answer, or not as healthy.",
  "etcd/no-member-answers": "No etcd member answers.",
  "etcd/no-package": "The distribution has no etcd package. Set etcd.source to a release with its version and SHA-256.",
  "etcd/quorum-at-risk":
    "The step would leave fewer healthy voting members than the quorum. Bring the others back first.",
  "etcd/quorum-lost": "Fewer voting members are healthy than the quorum: nothing can be written until one returns.",
  "etcd/version-out-of-reach":
    "The cluster file names a version of etcd that a running member cannot change to: a lower minor version, or more than one higher. Go up one minor version at a time.",
  "load-balancer/command-refused": "The running HAProxy did not do what it was told through its socket.",
  "load-balancer/no-interface":
    "No interface of the load balancer is in the virtual IP's subnet. Name one in endpoint.virtualIP.interface.",
  "load-balancer/server-down": "HAProxy counts a server as down.",
  "load-balancer/virtual-ip-misplaced": "The virtual IP is on no load balancer, or on more than one.",
  "load-balancer/vrrp-password": "The VRRP password in the vault is not one Keepalived can use.",
};
