import { endpointKind, virtualIp } from "./endpoint.ts";
import { etcdMembers } from "./etcd-members.ts";
import { etcdDirectories, etcdSettings } from "./etcd-settings.ts";
import { hostAddresses } from "./host-addresses.ts";
import { hostPorts } from "./host-ports.ts";
import { hostRoles } from "./host-roles.ts";
import { hostSoftware } from "./host-software.ts";
import { kubernetesVersion } from "./kubernetes-version.ts";
import { labelsAndTaints } from "./labels-and-taints.ts";
import { networkCapacity, networkRanges, testedSize } from "./network-ranges.ts";
import { poolsOfWorkers } from "./pools.ts";
import { preflightDowngrades } from "./preflight-downgrades.ts";
import type { Rule } from "./rule.ts";
import { sshUsers } from "./ssh-users.ts";
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
  hostPorts,
  networkRanges,
  networkCapacity,
  testedSize,
  hostSoftware,
  preflightDowngrades,
];
