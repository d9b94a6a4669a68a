import { apiServer } from "./api-server.ts";
import { auditPolicy } from "./audit-policy.ts";
import { componentFlags } from "./component-flags.ts";
import { endpointKind, virtualIp } from "./endpoint.ts";
import { etcdMembers } from "./etcd-members.ts";
import { etcdDirectories, etcdSettings } from "./etcd-settings.ts";
import { externalEtcd } from "./external-etcd.ts";
import { hostAddresses } from "./host-addresses.ts";
import { hostPorts } from "./host-ports.ts";
import { hostRoles } from "./host-roles.ts";
import { hostSoftware } from "./host-software.ts";
import { kubeletSettings } from "./kubelet-settings.ts";
import { kubernetesVersion } from "./kubernetes-version.ts";
import { labelsAndTaints } from "./labels-and-taints.ts";
import { namespaceLimits } from "./namespaces.ts";
import { bridgeSegment, enforcedPolicies, networkPlugin } from "./network-plugin.ts";
import { networkCapacity, networkRanges, testedSize } from "./network-ranges.ts";
import { poolsOfWorkers } from "./pools.ts";
import { preflightDowngrades } from "./preflight-downgrades.ts";
import type { Rule } from "./rule.ts";
import { runtimeSource } from "./runtime-source.ts";
import { sshUsers } from "./ssh-users.ts";
import { teams } from "./teams.ts";
import { uniqueHosts } from "./unique-hosts.ts";

/** Every rule between fields of the cluster file; their order does not matter. */
export const rules: readonly Rule[] = [
  kubernetesVersion,
  uniqueHosts,
  hostRoles,
  hostAddresses,
  sshUsers,
  poolsOfWorkers,
  labelsAndTaints,
  endpointKind,
  virtualIp,
  etcdMembers,
  etcdSettings,
  etcdDirectories,
  externalEtcd,
  hostPorts,
  networkRanges,
  networkCapacity,
  testedSize,
  hostSoftware,
  runtimeSource,
  componentFlags,
  apiServer,
  auditPolicy,
  kubeletSettings,
  networkPlugin,
  bridgeSegment,
  namespaceLimits,
  enforcedPolicies,
  teams,
  preflightDowngrades,
];
