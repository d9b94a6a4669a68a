import type { ProblemCode } from "../problem.ts";

/** Codes of errors and warnings in the cluster file. */
export const clusterFileCodes: Readonly<Record<ProblemCode, string>> = {
  "config/ambiguous-number":
    "A number reads as different numbers in YAML 1.1 and 1.2 (a leading zero, for example). Write it in plain decimals or in quotes.",
  "config/audit-conflict": "An audit policy is given while nothing is recorded. Remove it, or enable the audit log.",
  "config/bad-alias": "A YAML alias names no anchor, or expands too far. Write the value out.",
  "config/bad-quantity":
    "An amount has a unit that makes no sense for its resource: CPU has no bytes, objects have no fractions.",
  "config/beyond-tested-size":
    "The cluster is larger than Kubernetes is tested with. Plan for several clusters, or test yours.",
  "config/compaction-mismatch":
    "The retention of etcd's auto-compaction does not fit its mode: a duration for periodic, a count for revision.",
  "config/directory-conflict":
    "Two directories of etcd are the same, or one is inside the other. Keep data and write-ahead log apart.",
  "config/duplicate-address": "Two hosts have one address. Every host has its own.",
  "config/duplicate-host-name": "Two hosts have one name. Every host has its own.",
  "config/duplicate-key": "A key is in one mapping twice. Remove one of them.",
  "config/duplicate-namespace": "A namespace is described twice. Put both together.",
  "config/duplicate-pool": "A pool is described twice. Remove one of them.",
  "config/duplicate-role": "A host lists a role twice. Remove one of them.",
  "config/duplicate-ssh-destination":
    "Two hosts are reached by the same SSH destination, so one of them would never be.",
  "config/duplicate-taint": "A taint with one key and effect is there twice. Remove one of them.",
  "config/duplicate-team": "A team is described twice. A team has one role; give the second one another name.",
  "config/election-too-short":
    "etcd's election timeout is less than five heartbeats. Raise it, or shorten the heartbeat.",
  "config/empty-file": "The cluster file is empty. Write one with 'slipway init'.",
  "config/empty-value": "A field has no value. Give it one, or remove it.",
  "config/encryption-conflict": "Fields of encryption at rest do not fit its provider.",
  "config/endpoint-conflict": "The endpoint is described in two ways at once. Keep one.",
  "config/endpoint-incomplete":
    "The endpoint lacks what clients connect to. Give the external load balancer a name or an address.",
  "config/endpoint-without-load-balancer": "A virtual IP needs hosts with the role load-balancer.",
  "config/etcd-source-conflict": "A field of etcd's source has no effect with the source that is chosen. Remove it.",
  "config/etcd-topology-conflict":
    "Roles of hosts contradict etcd's topology: stacked members live on control planes only.",
  "config/etcd-without-hosts": "External etcd needs hosts with the role etcd.",
  "config/even-etcd-members":
    "An even number of etcd members tolerates no more failures than one less. Use an odd number; during a replacement name it in etcd.replacing.",
  "config/file-too-large": "The file is larger than any cluster file. Check which file was named.",
  "config/host-bits-set": "An address range does not start at its first address. Write the network address.",
  "config/implausible-reservation":
    "More of every host is kept from pods than anybody is likely to mean. Check the unit.",
  "config/insecure-issuer": "An OpenID Connect issuer must be reached by https.",
  "config/invalid-key": "A key of a mapping cannot be used as one.",
  "config/invalid-value": "A value does not fit its field; the message says what does.",
  "config/large-etcd-quota": "etcd's quota is above the 8 GiB that etcd suggests at most.",
  "config/listed-twice": "A value is in a list twice. Remove one of them.",
  "config/many-etcd-members": "More than seven etcd members make writes slower and tolerate little more.",
  "config/merge-key": "YAML merge keys (<<) are not supported. Write the fields out.",
  "config/mirror-conflict": "Settings of a registry mirror contradict each other.",
  "config/missing-field": "A required field is missing; the message names it.",
  "config/mixed-families": "IPv4 and IPv6 are mixed where one family is needed.",
  "config/more-problems": "There are more problems than are listed. Mend the first ones and validate again.",
  "config/no-control-plane": "No host has the role control-plane.",
  "config/node-prefix": "The prefix length of a node's share does not divide the pod range.",
  "config/node-share-too-small": "A node's share of the pod range has fewer addresses than pods are allowed on it.",
  "config/not-encrypted": "Secrets are not encrypted in etcd, by choice.",
  "config/not-text": "The file is not UTF-8 text. Check which file was named.",
  "config/old-containerd": "The release of containerd is too old for the version of Kubernetes.",
  "config/old-etcd": "The release of external etcd is too old for the version of Kubernetes.",
  "config/out-of-range": "A number is outside its limits; the message gives them.",
  "config/overlapping-ranges": "Pod, service and host address ranges must not overlap, nor hold the virtual IP.",
  "config/owned-setting":
    "A flag or field is set by another field of the cluster file, or by Slipway and kubeadm. Use that field.",
  "config/package-mirror-conflict": "Fields of the package mirror do not fit its kind, apt or dnf.",
  "config/plugin-field-conflict":
    "A setting of the network plugin is another plugin's, or contradicts another setting.",
  "config/pod-range-too-small": "The pod range has fewer node shares than there are nodes.",
  "config/policies-not-enforced": "The network plugin does not enforce the default-deny policies that are asked for.",
  "config/pool-without-worker": "A host is in a pool but is no worker.",
  "config/port-conflict": "Two programs would listen on one port of a host.",
  "config/proxy-conflict": "Services would be carried by nobody, or by two. Leave kube-proxy's mode on auto.",
  "config/quorum-in-one-zone": "A quorum of etcd's members is in one zone: etcd stops with it. Spread them.",
  "config/replacement-not-under-way":
    "etcd.replacing is set, but the number of members is odd. Remove it when a replacement is done.",
  "config/reserved-label": "A label is Kubernetes' own to set.",
  "config/reserved-namespace": "Namespaces that start with kube- are Kubernetes' own.",
  "config/reserved-subject": "Users and groups that start with system: are Kubernetes' own.",
  "config/runtime-source-conflict": "Fields about where containerd comes from do not fit each other.",
  "config/service-range-size": "The service range is larger or smaller than Kubernetes accepts.",
  "config/settings-out-of-order": "A lower limit is above the upper one it belongs to.",
  "config/several-documents": "The file holds more than one YAML document. Keep one cluster per file.",
  "config/several-segments": "The bridge network needs all nodes on one network segment. Use a plugin with an overlay.",
  "config/single-etcd-member": "The cluster stops with its only etcd member. Three survive the loss of one.",
  "config/single-load-balancer": "A virtual IP with one load balancer cannot move. Add a second one.",
  "config/sudo-needed": "The SSH user is not root and no way of sudo is given.",
  "config/sysctl-conflict": "A kernel setting of the file contradicts what Kubernetes or Slipway needs.",
  "config/team-without-members": "A team names neither groups nor users.",
  "config/too-complex": "The file holds more, or nests deeper, than any cluster needs.",
  "config/too-many-pods": "More pods are allowed on a node than its share of addresses is sized for.",
  "config/unknown-admission-plugin":
    "An admission plugin is not one that is known; the API server would not start with it.",
  "config/unknown-field": "A field does not exist; the hint suggests the nearest one. 'slipway schema' lists them all.",
  "config/unknown-host": "A host is named that the file does not have.",
  "config/unknown-namespace": "A team works in a namespace that spec.namespaces does not have.",
  "config/unknown-plugin-version":
    "The version of the network plugin is of another major version than this Slipway is made for.",
  "config/unknown-pool": "A host is in a pool that spec.pools does not have.",
  "config/unknown-resource": "The name of a resource is none that Kubernetes has.",
  "config/unsupported-document": "apiVersion or kind is not one this Slipway reads.",
  "config/unsupported-kubernetes": "The Kubernetes version is older than this Slipway supports.",
  "config/unusable-address": "An address cannot be used for this: loopback, multicast or the like.",
  "config/vip-is-a-host": "The virtual IP is the address of a host. It needs one of its own.",
  "config/vip-outside-subnet":
    "The virtual IP is not in the subnet of the load balancers, so no one would answer for it.",
  "config/wrong-type": "A value has another type than its field; the message says which is needed.",
  "config/yaml-feature": "A YAML feature is used that cluster files do not need, such as a directive or a tag.",
  "config/yaml-syntax": "The file is not valid YAML at this place.",
  "config/zone-conflict": "A host's zone field and its zone label differ. Keep the field.",
};
