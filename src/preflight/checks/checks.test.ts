import { describe, expect, test } from "vitest";
import { type BareHost, bareHosts } from "../../../test/support/bare-hosts.ts";
import { sampleHost, sampleSpec } from "../../../test/support/sample-spec.ts";
import type { HostName } from "../../hosts/port.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { preflightNames } from "../preflight-checks.ts";
import { runPreflight } from "../run-preflight.ts";

/** One row: what is different from hosts that are as they should be, and what one check then says. */
interface Row {
  readonly check: string;
  readonly claim: string;
  readonly spec?: Partial<ClusterSpec>;
  readonly hosts?: Readonly<Record<string, BareHost | undefined>>;
  /** Hosts preflight is limited to. */
  readonly only?: readonly string[];
  readonly isForKubernetes?: boolean;
  readonly state: "passed" | "warning" | "failed" | "skipped";
  /** Messages of the findings, in order. */
  readonly messages?: readonly string[];
  /** What the first finding's (or, without findings, the check's) because must hold. */
  readonly because?: string | RegExp;
}

const base = sampleSpec();
const hosts = [...base.hosts, sampleHost("w-3", "10.0.0.33", ["worker"])];
const etcd = base.etcd;
const os = (id: string, version: string, like = "") => `ID=${id}\nVERSION_ID="${version}"\nID_LIKE="${like}"\n`;
const listener = (port: number, program: string) =>
  `LISTEN 0 128 0.0.0.0:${port} 0.0.0.0:* users:(("${program}",pid=7,fd=3))\n`;
const swapOf = (usedKib: number) => `Filename Type Size Used Priority\n/dev/sda5 partition 99999999 ${usedKib} -2\n`;
const withEndpoint = (over: object) => ({ endpoint: { ...base.endpoint, ...over } as ClusterSpec["endpoint"] });

const rows: readonly Row[] = [
  {
    check: "sudo",
    claim: "fails when commands do not run as root",
    hosts: { "w-1": { user: "1000\n" } },
    state: "failed",
    messages: ["w-1: commands do not run as root"],
    because: 'they run as user 1000; ssh.sudo is "none"',
  },
  {
    check: "systemd",
    claim: "fails where another program is process 1",
    hosts: { "w-1": { system: { exitCode: 1, stdout: "offline\n" } } },
    state: "failed",
    messages: ["w-1: systemd does not run the host"],
    because: "another program is process 1",
  },
  {
    check: "systemd",
    claim: "fails where systemctl is missing",
    hosts: { "w-1": { system: { exitCode: 127 } } },
    state: "failed",
    because: "systemctl is not installed",
  },
  {
    check: "systemd",
    claim: "warns of failed services",
    hosts: { "w-1": { system: { exitCode: 1, stdout: "degraded\n" } } },
    state: "warning",
    messages: ["w-1: some services of the host have failed"],
  },
  {
    check: "systemd",
    claim: "warns of a host that is still starting",
    hosts: { "w-1": { system: { exitCode: 1, stdout: "starting\n" } } },
    state: "warning",
    because: "systemd's state is starting",
  },
  ...(
    [
      ["debian", "12"],
      ["debian", "13"],
      ["ubuntu", "22.04"],
      ["ubuntu", "24.04"],
      ["rocky", "8.10"],
      ["rocky", "9.4"],
      ["rhel", "9.5"],
      ["almalinux", "8.10"],
      ["openEuler", "22.03"],
    ] as const
  ).map(
    ([id, version]): Row => ({
      check: "os-supported",
      claim: `accepts ${id} ${version}`,
      hosts: { "w-1": { osRelease: os(id, version) } },
      state: "passed",
    }),
  ),
  ...(["debian 11", "ubuntu 24.10", "ubuntu 20.04", "rocky 10.0", "debian 120"] as const).map((one): Row => {
    const [id = "", version = ""] = one.split(" ");
    return {
      check: "os-supported",
      claim: `refuses ${one}`,
      hosts: { "w-1": { osRelease: os(id, version) } },
      state: "failed",
      messages: ["w-1: this version of the operating system is not supported"],
    };
  }),
  {
    check: "os-supported",
    claim: "refuses a system it does not know",
    hosts: { "w-1": { osRelease: os("alpine", "3.20") } },
    state: "failed",
    messages: ["w-1: the operating system is not supported"],
  },
  {
    check: "kernel-version",
    claim: "warns of a kernel before 5.10",
    hosts: { "w-1": { kernel: "5.4.0-190-generic" } },
    state: "warning",
    messages: ["w-1: the kernel is too old for eBPF networks"],
  },
  {
    check: "kernel-version",
    claim: "fails on a kernel before 5.4",
    hosts: { "w-1": { kernel: "5.3.18" } },
    state: "failed",
    because: "it is 5.3.18; the oldest that is supported is 5.4",
  },
  {
    check: "kernel-version",
    claim: "only warns of RHEL 8's 4.18",
    hosts: { "w-1": { kernel: "4.18.0-553.22.1.el8_10.x86_64" } },
    state: "warning",
    messages: ["w-1: the kernel is that of RHEL 8: Kubernetes runs, some of its features do not"],
  },
  {
    check: "kernel-version",
    claim: "fails on a 4.18 that is not RHEL 8's",
    hosts: { "w-1": { kernel: "4.18.0-25-generic" } },
    state: "failed",
  },
  {
    check: "kernel-version",
    claim: "does not mind the kernel of a load balancer",
    hosts: { "lb-1": { kernel: "4.15.0" } },
    state: "passed",
  },
  {
    check: "cgroups",
    claim: "warns of cgroup v1, which 1.36 refuses",
    hosts: { "w-1": { cgroup: "tmpfs\n" } },
    state: "warning",
    because: /Kubernetes 1.36.2 starts there only with failCgroupV1 off/,
  },
  {
    check: "cgroups",
    claim: "says of an older Kubernetes that it still runs on cgroup v1",
    spec: { kubernetes: { ...base.kubernetes, version: "1.34.1" } },
    hosts: { "w-1": { cgroup: "tmpfs\n" } },
    state: "warning",
    because: /1.34.1 still runs there/,
  },
  {
    check: "security-module",
    claim: "warns where SELinux is enforcing",
    hosts: { "w-1": { selinux: "1" } },
    state: "warning",
    messages: ["w-1: SELinux is enforcing, and may deny what the distribution's policy does not foresee"],
  },
  { check: "security-module", claim: "accepts permissive", hosts: { "w-1": { selinux: "0" } }, state: "passed" },
  {
    check: "host-count",
    claim: "warns of each role with too few hosts",
    spec: {
      hosts: [
        sampleHost("lb-1", "10.0.0.21", ["load-balancer"]),
        sampleHost("cp-1", "10.0.0.11", ["control-plane", "etcd", "worker"]),
      ],
    },
    state: "warning",
    messages: [
      "the cluster has too few control planes to be highly available",
      "the cluster has too few workers to be highly available",
      "the cluster has too few load balancers to be highly available",
      "the cluster has too few etcd members to be highly available",
    ],
    because: /^found 1, recommended are 3/,
  },
  {
    check: "host-cpu",
    claim: "warns below the recommendation",
    hosts: { "cp-1": { cores: 2 } },
    state: "warning",
    messages: ["cp-1: fewer CPU cores than is recommended for a control plane"],
    because: "found 2 cores; recommended for production are 4 cores",
  },
  {
    check: "host-cpu",
    claim: "takes the most demanding of a host's roles",
    spec: { hosts: [sampleHost("one", "10.0.0.1", ["control-plane", "etcd", "worker"])] },
    hosts: { one: { cores: 3 } },
    state: "failed",
    messages: ["one: fewer CPU cores than a worker needs"],
  },
  {
    check: "host-memory",
    claim: "fails below the minimum",
    hosts: { "cp-1": { memoryGib: 2 } },
    state: "failed",
    because: "found 2 GiB; a control plane needs at least 4 GiB",
  },
  {
    check: "host-memory",
    claim: "accepts a worker sold with 64 GiB, of which the kernel keeps some",
    hosts: { "w-1": { memoryGib: 62 } },
    state: "passed",
  },
  {
    check: "host-memory",
    claim: "says why in GiB with one digit",
    hosts: { "w-1": { memoryGib: 6.5 } },
    state: "failed",
    because: "found 6.5 GiB; a worker needs at least 8 GiB",
  },
  {
    check: "host-disk",
    claim: "fails below the minimum",
    hosts: { "w-1": { diskGb: 40, etcdDisk: "/dev/nvme0n1p2 ext4 40000000000 20000000000" } },
    state: "failed",
    messages: ["w-1: less disk than a worker needs"],
  },
  {
    check: "host-disk",
    claim: "adds up the file systems a host works on",
    hosts: { "cp-1": { diskGb: 60, etcdDisk: "/dev/nvme1n1 xfs 150000000000 100000000000" } },
    state: "passed",
  },
  {
    check: "host-disk",
    claim: "asks nothing of a load balancer's disk",
    hosts: { "lb-1": { diskGb: 10, freeGb: 1 } },
    state: "passed",
  },
  {
    check: "host-disk",
    claim: "warns before the kubelet would evict",
    hosts: { "w-1": { diskGb: 500, freeGb: 50 } },
    state: "warning",
    because: "10 % of / is free; the kubelet wants 15 % for images",
  },
  {
    check: "swap",
    claim: "warns that swap will be turned off",
    hosts: { "w-1": { swaps: swapOf(0) } },
    state: "warning",
    messages: ["w-1: swap is on and will be turned off"],
  },
  {
    check: "swap",
    claim: "fails when its contents do not fit into memory",
    hosts: { "w-1": { memoryGib: 16, swaps: swapOf(9 * 1024 ** 2) } },
    state: "failed",
    because: "9216 MiB are on /dev/sda5, 8192 MiB of memory are free",
  },
  { check: "swap", claim: "leaves load balancers alone", hosts: { "lb-1": { swaps: swapOf(0) } }, state: "passed" },
  {
    check: "clock-offset",
    claim: "warns over half a second",
    hosts: { "w-1": { clockOffsetSeconds: 0.8 } },
    state: "warning",
    because: "it is 0.80 s ahead of the median; the limit is 0.5 s",
  },
  {
    check: "clock-offset",
    claim: "fails over five seconds",
    hosts: { "w-1": { clockOffsetSeconds: -41 } },
    state: "failed",
    because: "it is 41 s behind the median; the limit is 5 s",
  },
  {
    check: "clock-offset",
    claim: "blames this computer when all hosts agree",
    hosts: Object.fromEntries(hosts.map(({ name }) => [name, { clockOffsetSeconds: 90 }])),
    state: "warning",
    messages: ["the clock of this computer differs from those of the hosts"],
  },
  {
    check: "time-sync",
    claim: "warns of a second program that sets the clock",
    hosts: { "w-1": { activeUnits: ["ntpsec.service"] } },
    state: "warning",
    messages: ["w-1: ntpsec.service sets the clock, and so will chrony"],
  },
  {
    check: "time-sync",
    claim: "warns of chrony that does not get the time",
    hosts: { "w-1": { activeUnits: ["chrony.service"], synchronized: "no" } },
    state: "warning",
    messages: ["w-1: chrony runs, but the clock is not synchronized"],
  },
  {
    check: "time-sync",
    claim: "knows that a container may not set the clock",
    hosts: { "w-1": { activeUnits: ["chrony.service"], synchronized: "no", capabilities: "000001fffcffffff" } },
    state: "passed",
  },
  {
    check: "time-sync",
    claim: "does not mind an unsynchronized clock before chrony is there",
    hosts: { "w-1": { synchronized: "no" } },
    state: "passed",
  },
  {
    check: "addresses",
    claim: "fails when a host does not have its address",
    hosts: {
      "w-1": {
        interfaces:
          '[{"ifname":"eth0","mtu":1500,"flags":["UP"],"addr_info":[{"local":"192.168.1.5","prefixlen":24}]}]',
      },
    },
    state: "failed",
    messages: ["w-1: the host does not have its address 10.0.0.31"],
    because: "it has 192.168.1.5",
  },
  {
    check: "addresses",
    claim: "fails when the address is on an interface that is down",
    hosts: {
      "w-1": {
        interfaces: '[{"ifname":"eth0","mtu":1500,"flags":[],"addr_info":[{"local":"10.0.0.31","prefixlen":24}]}]',
      },
    },
    state: "failed",
    because: "it is on eth0, which is not up",
  },
  {
    check: "addresses",
    claim: "warns where ip is not installed",
    hosts: { "w-1": { interfaces: { exitCode: 127 } } },
    state: "warning",
    because: "ip is not installed",
  },
  {
    check: "host-identity",
    claim: "fails on copies of one machine",
    hosts: { "w-1": { machineId: "a".repeat(32) }, "w-2": { machineId: "a".repeat(32) } },
    state: "failed",
    messages: ["w-1, w-2: hosts share one machine-id"],
  },
  {
    check: "host-identity",
    claim: "fails on one MAC address twice",
    hosts: { "w-1": { mac: "52:54:00:aa:aa:aa" }, "w-2": { mac: "52:54:00:AA:AA:AA" } },
    state: "failed",
    messages: ["w-1, w-2: hosts share one MAC address"],
  },
  {
    check: "host-identity",
    claim: "only warns of one product_uuid twice, as containers have it",
    hosts: { "w-1": { productUuid: "x" }, "w-2": { productUuid: "X" } },
    state: "warning",
    messages: ["w-1, w-2: hosts share one product_uuid"],
  },
  {
    check: "ports-free",
    claim: "fails when another program has a port",
    hosts: { "cp-1": { listening: listener(2379, "consul") } },
    state: "failed",
    messages: ["cp-1: port 2379 is taken, which clients of etcd needs"],
    because: "consul listens on 0.0.0.0:2379",
  },
  {
    check: "ports-free",
    claim: "accepts the very programs the ports are for",
    hosts: {
      "lb-1": { listening: listener(6443, "haproxy") + listener(9000, "haproxy") },
      "cp-1": {
        listening:
          listener(2379, "etcd") +
          listener(2380, "etcd") +
          listener(6443, "kube-apiserver") +
          listener(10257, "kube-controller") +
          listener(10250, "kubelet") +
          listener(1338, "containerd"),
      },
    },
    state: "passed",
  },
  {
    check: "ports-free",
    claim: "does not mind ports of other roles",
    hosts: { "w-1": { listening: listener(2379, "consul") }, "cp-1": { listening: listener(9000, "php-fpm") } },
    state: "passed",
  },
  {
    check: "ports-free",
    claim: "warns of a program in the range of NodePorts",
    hosts: { "w-1": { listening: listener(30080, "grafana") } },
    state: "warning",
    because: "30080 (grafana); NodePorts are 30000-32767",
  },
  {
    check: "ports-free",
    claim: "names a holder it cannot see",
    hosts: { "w-1": { listening: "LISTEN 0 128 0.0.0.0:10250 0.0.0.0:*\n" } },
    state: "failed",
    because: "a program the kernel does not name listens on 0.0.0.0:10250",
  },
  {
    check: "ports-free",
    claim: "warns where ss is not installed",
    hosts: { "w-1": { listening: { exitCode: 127 } } },
    state: "warning",
  },
  {
    check: "firewall",
    claim: "warns of firewalld with the ports the roles need",
    hosts: { "lb-1": { activeFirewalls: "active\ninactive\ninactive\n" } },
    state: "warning",
    because: "firewalld is active; the roles need TCP ports 6443, 9000, and IP protocol 112 (VRRP)",
  },
  {
    check: "firewall",
    claim: "warns of a chain that drops",
    hosts: {
      "w-1": {
        chains: '{"nftables":[{"chain":{"family":"inet","table":"f","name":"in","hook":"input","policy":"drop"}}]}',
      },
    },
    state: "warning",
    because: /^chain inet f in drops/,
  },
  {
    check: "pod-network-overlap",
    claim: "fails on a route into the service network",
    hosts: { "w-1": { routes: '[{"dst":"10.100.0.0/16","dev":"tun0"}]' } },
    state: "failed",
    messages: ["w-1: the service network 10.96.0.0/12 overlaps a network the host already reaches"],
    because: "10.100.0.0/16 goes over tun0",
  },
  {
    check: "pod-network-overlap",
    claim: "knows the routes a pod network makes",
    hosts: {
      "w-1": {
        routes: '[{"dst":"10.244.1.0/24","dev":"cni0"},{"dst":"10.244.2.0/24","gateway":"10.0.0.32","dev":"eth0"}]',
      },
    },
    state: "passed",
  },
  {
    check: "pod-network-overlap",
    claim: "knows the route to Services an earlier apply has made",
    hosts: {
      "w-1": { routes: '[{"dst":"10.96.0.0/12","dev":"eth0","protocol":"120","scope":"link","prefsrc":"10.0.0.31"}]' },
    },
    state: "passed",
  },
  {
    check: "vip-free",
    claim: "does not believe an old entry of the neighbour table when nothing answers",
    hosts: { "lb-1": { vipOwner: "52:54:00:ff:ff:ff STALE" } },
    state: "passed",
  },
  {
    check: "vip-free",
    claim: "believes it when a connection is answered",
    hosts: {
      "lb-1": {
        vipOwner: "52:54:00:ff:ff:ff STALE",
        reach: (target) => (target === "10.0.0.10:6443" ? "refused" : undefined),
      },
    },
    state: "failed",
  },
  {
    check: "vip-free",
    claim: "fails when another machine answers for the address",
    hosts: { "lb-1": { vipOwner: "52:54:00:ff:ff:ff" } },
    state: "failed",
    messages: ["lb-1: the virtual IP 10.0.0.10 is in use by another machine"],
    because: "52:54:00:ff:ff:ff on eth0 answers for it, and no host of the cluster has it",
  },
  {
    check: "vip-free",
    claim: "does not take the answer of a router for one of the address",
    hosts: { "lb-1": { reach: (target) => (target === "10.0.0.10:6443" ? "refused" : undefined) } },
    state: "passed",
    because: "nobody has 10.0.0.10",
  },
  {
    check: "vip-free",
    claim: "accepts it on a load balancer",
    hosts: { "lb-2": { moreAddresses: ["10.0.0.10"], vipOwner: "52:54:00:00:00:02" } },
    state: "passed",
    because: "10.0.0.10 is on lb-2",
  },
  {
    check: "vip-free",
    claim: "looks for it on load balancers it is not limited to",
    only: ["lb-1"],
    hosts: { "lb-1": { vipOwner: "52:54:00:00:00:02" }, "lb-2": { moreAddresses: ["10.0.0.10"] } },
    state: "passed",
    because: "10.0.0.10 is on lb-2",
  },
  {
    check: "vip-free",
    claim: "does not take a load balancer for a stranger that got it after it was asked",
    hosts: { "lb-1": { vipOwner: "52:54:00:aa:00:02" }, "lb-2": { mac: "52:54:00:aa:00:02" } },
    state: "passed",
    because: "nobody has 10.0.0.10",
  },
  {
    check: "vip-free",
    claim: "accuses nobody while a load balancer that may have it cannot be asked",
    hosts: { "lb-1": { vipOwner: "52:54:00:00:00:02" }, "lb-2": undefined },
    state: "passed",
    because: "nobody but lb-2 can have 10.0.0.10",
  },
  {
    check: "vip-free",
    claim: "fails when a host that is no load balancer has it",
    hosts: { "cp-1": { moreAddresses: ["10.0.0.10"] } },
    state: "failed",
    messages: ["cp-1: the host has the virtual IP 10.0.0.10, but is no load balancer"],
  },
  {
    check: "vip-free",
    claim: "fails when no interface of a load balancer is in its subnet",
    spec: withEndpoint({ address: "10.9.9.9" }),
    state: "failed",
    messages: ["lb-1, lb-2: the virtual IP 10.9.9.9 cannot be put on the host"],
  },
  {
    check: "vip-free",
    claim: "fails when the named interface is not there",
    spec: withEndpoint({ interface: "bond0" }),
    state: "failed",
    because: /^lb-1: no interface bond0 is in its subnet; there are eth0 10.0.0.21;/,
  },
  {
    check: "vip-free",
    claim: "has nothing to say without a virtual IP",
    spec: { endpoint: { kind: "external", name: "api.example", port: 443 } },
    state: "skipped",
  },
  {
    check: "dns",
    claim: "warns of a host without a name server",
    hosts: { "w-1": { resolvConf: "" } },
    state: "warning",
    messages: ["w-1: the host has no name server"],
  },
  {
    check: "dns",
    claim: "warns of a server only the host can reach",
    hosts: { "w-1": { resolvConf: "nameserver 127.0.0.1\n" } },
    state: "warning",
    messages: ["w-1: pods would get a name server that only the host can reach"],
  },
  {
    check: "dns",
    claim: "knows that the kubelet looks behind systemd-resolved",
    hosts: { "w-1": { resolvConf: "nameserver 127.0.0.53\n" } },
    state: "passed",
  },
  {
    check: "dns",
    claim: "warns of more servers than are used",
    hosts: { "lb-1": { resolvConf: "nameserver 1.0.0.1\n".repeat(4) } },
    state: "warning",
    because: "found 4, the limit is 3; 1.0.0.1 would be ignored",
  },
  {
    check: "dns",
    claim: "warns when the name of the entry point leads elsewhere",
    spec: withEndpoint({ name: "api.example" }),
    hosts: Object.fromEntries(hosts.map(({ name }) => [name, { names: { "api.example": "10.0.0.99" } }])),
    state: "warning",
    because: "it has 10.0.0.99, wanted is 10.0.0.10",
  },
  {
    check: "dns",
    claim: "accepts a name that leads to the entry point",
    spec: withEndpoint({ name: "api.example" }),
    hosts: Object.fromEntries(hosts.map(({ name }) => [name, { names: { "api.example": "10.0.0.10" } }])),
    state: "passed",
  },
  {
    check: "host-reachability",
    claim: "fails when a firewall drops between etcd members",
    hosts: { "cp-1": { reach: (target) => (target === "10.0.0.12:2380" ? "silent" : undefined) } },
    state: "failed",
    messages: ["cp-1: cp-2 cannot be reached on port 2380"],
    because: "10.0.0.12:2380: no answer in 3 s; etcd members talk to each other",
  },
  {
    check: "host-reachability",
    claim: "leaves a host that is down to be reported once, as such",
    hosts: {
      "cp-1": { reach: (target) => (target.startsWith("10.0.0.12:") ? "silent" : undefined) },
      "cp-2": undefined,
    },
    state: "passed",
  },
  {
    check: "host-reachability",
    claim: "says all ports of one peer at once",
    hosts: { "cp-1": { reach: (target) => (target.startsWith("10.0.0.12:") ? "silent" : undefined) } },
    state: "failed",
    messages: ["cp-1: cp-2 cannot be reached on ports 2380, 2379"],
  },
  {
    check: "host-reachability",
    claim: "says what the network said",
    hosts: { "lb-1": { reach: (target) => (target === "10.0.0.11:6443" ? "failed No route to host" : undefined) } },
    state: "failed",
    because: "10.0.0.11:6443: No route to host; the load balancer talks to the API server",
  },
  {
    check: "host-reachability",
    claim: "uses Python where there is no Perl",
    hosts: {
      "cp-1": { interpreter: "python3", reach: (target) => (target === "10.0.0.12:2380" ? "silent" : undefined) },
    },
    state: "failed",
  },
  {
    check: "host-reachability",
    claim: "warns where there is neither",
    hosts: { "cp-1": { interpreter: "none" } },
    state: "warning",
    because: "there is neither Perl nor Python to try it with",
  },
  {
    check: "mtu",
    claim: "fails when only small packets get through",
    hosts: { "cp-1": { mtu: 9000, carries: () => 1500 } },
    state: "failed",
    because: "eth0 has MTU 9000; packets of 9000 bytes are lost, 1280 bytes get through",
  },
  {
    check: "mtu",
    claim: "says nothing of hosts that answer no pings",
    hosts: { "cp-1": { carries: () => undefined } },
    state: "passed",
  },
  {
    check: "mtu",
    claim: "is skipped without ping",
    hosts: Object.fromEntries(hosts.map(({ name }) => [name, { hasPing: false }])),
    state: "skipped",
    because: "ping is not installed on the hosts",
  },
  {
    check: "mtu",
    claim: "says how many hosts have no ping",
    hosts: { "w-1": { hasPing: false } },
    state: "passed",
    because: "full-size packets get through; 1 of 8 hosts have no ping and were left out",
  },
  {
    check: "artifacts",
    claim: "fails when no repository answers",
    hosts: { "w-1": { reach: (target) => (target === "deb.example.org:80" ? "silent" : undefined) } },
    state: "failed",
    messages: ["w-1: no source of packages answers"],
    because: "http://deb.example.org/debian (no answer in 3 s)",
  },
  {
    check: "artifacts",
    claim: "only warns when the registry does not answer yet",
    hosts: { "w-1": { reach: (target) => (target === "registry.k8s.io:443" ? "unresolved no such name" : undefined) } },
    state: "warning",
    because: "https://registry.k8s.io (no such name)",
  },
  {
    check: "artifacts",
    claim: "only warns when the release's programs cannot be had yet",
    hosts: { "w-1": { reach: (target) => (target === "dl.k8s.io:443" ? "silent" : undefined) } },
    state: "warning",
    messages: ["w-1: no source of Kubernetes programs answers"],
  },
  {
    check: "artifacts",
    claim: "asks for no registry where a bundle has the images, and leaves open whether it has the packages",
    spec: { artifacts: { ...base.artifacts, bundle: "/srv/bundle.tar" } },
    hosts: Object.fromEntries(hosts.map(({ name }) => [name, { reach: () => "silent" }])),
    state: "warning",
    messages: ["cp-1..3, lb-1, lb-2, w-1..3: no source of packages answers"],
  },
  {
    check: "bundle",
    claim: "fails when there is none where the cluster file says",
    spec: { artifacts: { ...base.artifacts, bundle: "/srv/bundle.tar" } },
    state: "failed",
    messages: ["the bundle /srv/bundle.tar cannot be read"],
  },
  { check: "bundle", claim: "is content without one", state: "passed" },
  {
    check: "containerd",
    claim: "warns where containerd 1 is installed",
    hosts: { "w-1": { containerd: "1.6.20~ds1", containerdCandidate: "2.1.4-1" } },
    state: "warning",
    messages: ["w-1: containerd is too old for Kubernetes 1.36.2"],
    because: "installed is 1.6.20; Kubernetes 1.35 is the last that supports containerd 1",
  },
  {
    check: "containerd",
    claim: "warns where the repositories have containerd 1",
    hosts: { "w-1": { containerdCandidate: "1.6.20~ds1-1+deb12u1" } },
    state: "warning",
    because: /package containerd of the host's repositories is 1\.6\.20/,
  },
  {
    check: "containerd",
    claim: "is content with containerd 2, and with what it cannot know",
    hosts: { "w-1": { containerd: "v2.1.4" }, "w-2": { containerdCandidate: "2.0.0-1" } },
    state: "passed",
  },
  {
    check: "containerd",
    claim: "judges the version that is to be held before the one that is there",
    spec: { runtime: { ...base.runtime, version: "1.7.27-1" } },
    hosts: { "w-1": { containerd: "v2.1.4" } },
    state: "warning",
    because: /runtime\.version is 1\.7\.27/,
  },
  {
    check: "containerd",
    claim: "does not apply where containerd is a release",
    spec: { runtime: { ...base.runtime, source: { from: "release", version: "2.1.6" } } },
    state: "skipped",
  },
  {
    check: "containerd",
    claim: "does not apply to older Kubernetes",
    spec: { kubernetes: { ...base.kubernetes, version: "1.35.4" } },
    hosts: { "w-1": { containerd: "1.6.20" } },
    state: "skipped",
  },
  {
    check: "etcd-version",
    claim:
      "fails before Kubernetes where the repositories have an etcd that kubeadm refuses, also on unchanged members",
    hosts: { "cp-2": { etcdCandidate: "3.4.23+dfsg-4" } },
    only: ["cp-1"],
    isForKubernetes: true,
    state: "failed",
    messages: ["cp-2: etcd is too old for Kubernetes 1.36.2"],
    because:
      "package etcd-server of the host's repositories is 3.4.23+dfsg-4; kubeadm wants external etcd 3.5.24 or newer",
  },
  {
    check: "etcd-version",
    claim: "only warns before a run that goes as far as etcd",
    hosts: { "cp-1": { etcd: "3.5.16" } },
    state: "warning",
    because: /^installed is 3\.5\.16/,
  },
  {
    check: "etcd-version",
    claim: "is content with a newer one that is installed, and does not know what a bundle brings",
    spec: { artifacts: { ...base.artifacts, bundle: "/srv/bundle.tar" } },
    hosts: { "cp-1": { etcd: "3.6.8", etcdCandidate: "3.4.23" }, "cp-2": { etcdCandidate: "3.4.23" } },
    isForKubernetes: true,
    state: "passed",
  },
  {
    check: "etcd-version",
    claim: "does not apply to a release, which the cluster file's own rules judge",
    spec: { etcd: { ...etcd, source: { from: "release", version: "3.6.5", sha256: "0".repeat(64) } } },
    isForKubernetes: true,
    state: "skipped",
  },
  {
    check: "artifacts",
    claim: "asks the mirror of the cluster file, not the host's repositories",
    spec: {
      artifacts: { ...base.artifacts, packageMirror: { kind: "apt", url: "http://mirror.example:8080/debian" } },
    },
    hosts: { "lb-1": { reach: (target) => (target === "mirror.example:8080" ? "refused" : undefined) } },
    state: "failed",
    because: "http://mirror.example:8080/debian (refused)",
  },
  {
    check: "artifacts",
    claim: "asks for etcd releases where etcd runs",
    spec: { etcd: { ...etcd, source: { from: "release", version: "3.6.5", sha256: "0".repeat(64) } } },
    hosts: Object.fromEntries(
      hosts.map(({ name }) => [
        name,
        { reach: (target) => (target === "files.example.org:443" ? "silent" : undefined) },
      ]),
    ),
    state: "failed",
    messages: ["cp-1..3: no source of etcd releases answers"],
  },
  {
    check: "etcd-disk",
    claim: "warns when etcd shares the disk of the system",
    hosts: { "cp-1": { etcdDisk: "/dev/nvme0n1p2 ext4 500000000000 250000000000" } },
    state: "warning",
    messages: ["cp-1: etcd shares its disk with the system"],
  },
  {
    check: "etcd-disk",
    claim: "fails on a network file system",
    hosts: { "cp-1": { etcdDisk: "nas:/etcd nfs4 500000000000 250000000000" } },
    state: "failed",
    messages: ["cp-1: etcd would keep its log on a network file system"],
  },
  {
    check: "etcd-disk",
    claim: "fails on memory",
    hosts: { "cp-1": { etcdDisk: "tmpfs tmpfs 500000000000 250000000000" } },
    state: "failed",
    messages: ["cp-1: etcd would keep its data in memory"],
  },
  {
    check: "etcd-disk",
    claim: "warns of a spinning disk",
    hosts: {
      "cp-1": {
        etcdDisk: "/dev/mapper/vg-etcd xfs 500000000000 250000000000",
        blockDevices: '{"blockdevices":[{"name":"vg-etcd","kname":"dm-0","type":"lvm","rota":true,"size":1}]}',
      },
    },
    state: "warning",
    messages: ["cp-1: etcd's disk says it is a spinning one"],
  },
  {
    check: "etcd-disk",
    claim: "does not believe a virtual disk that it spins",
    hosts: {
      "cp-1": {
        etcdDisk: "/dev/vdb xfs 500000000000 250000000000",
        blockDevices: '{"blockdevices":[{"name":"vdb","kname":"vdb","type":"disk","rota":true,"size":1}]}',
      },
    },
    state: "passed",
  },
  {
    check: "etcd-disk",
    claim: "fails when the database cannot grow to its quota",
    hosts: { "cp-1": { etcdDisk: "/dev/nvme1n1 xfs 10000000000 5000000000" } },
    state: "failed",
    messages: ["cp-1: etcd's disk cannot hold its database"],
  },
  {
    check: "etcd-disk",
    claim: "is about control planes when etcd is stacked",
    spec: { etcd: { ...etcd, topology: "stacked" }, hosts: [sampleHost("cp", "10.0.0.1", ["control-plane"])] },
    hosts: { cp: { etcdDisk: "tmpfs tmpfs 500000000000 250000000000" } },
    state: "failed",
  },
  {
    check: "etcd-fsync",
    claim: "warns over 10 ms p99, though the median is low",
    hosts: { "cp-1": { fsyncMicros: [...Array(290).fill(800), ...Array(10).fill(14_000)] } },
    state: "warning",
    because: "p99 14.0 ms (median 0.8 ms) for synced writes of 2300 bytes below /var/lib/etcd; the limit is 10 ms",
  },
  {
    check: "etcd-fsync",
    claim: "accepts one slow write in two hundred",
    hosts: { "cp-1": { fsyncMicros: [...Array(199).fill(800), 50_000] } },
    state: "passed",
    because: /^cp-1 p99 0.8 ms \(median 0.8 ms\), cp-2/,
  },
  {
    check: "etcd-fsync",
    claim: "fails on a disk slower than the heartbeat",
    hosts: { "cp-1": { fsyncMicros: Array(20).fill(150_000) } },
    state: "failed",
    messages: ["cp-1: etcd's disk is too slow to keep a leader"],
  },
  {
    check: "etcd-fsync",
    claim: "gives a mean where nothing can time single writes",
    hosts: { "cp-1": { interpreter: "none" } },
    state: "passed",
    because: /^cp-1 mean 2.0 ms \(no Perl or Python to time single writes\)/,
  },
  {
    check: "etcd-fsync",
    claim: "is skipped where nobody runs etcd",
    spec: { hosts: [sampleHost("w-1", "10.0.0.31", ["worker"])] },
    state: "skipped",
    because: "no host has a role it is about",
  },
];

describe.each(preflightNames)("[%s]", (name) => {
  const own = rows.filter((row) => row.check === name);

  test.each(own)("$claim", async ({ spec: over, hosts: bare, only, isForKubernetes, state, messages, because }) => {
    const spec = sampleSpec({ hosts, ...over });
    const report = await runPreflight(spec, bareHosts(spec, bare), {
      measure: true,
      ...(isForKubernetes === undefined ? {} : { isForKubernetes }),
      ...(only === undefined ? {} : { only: only as HostName[] }),
    });
    const check = report.checks.find((one) => one.name === name);
    const problems = check?.findings.map((finding) => finding.problem) ?? [];
    expect({ state: check?.state, messages: problems.map((one) => one.message) }).toEqual({
      state,
      messages: messages ?? problems.map((one) => one.message),
    });
    const said = problems[0]?.because ?? check?.because ?? "";
    if (typeof because === "string") expect(said).toBe(because);
    if (because instanceof RegExp) expect(said).toMatch(because);
    for (const problem of problems) {
      expect(problem.code).toBe(`preflight/${name}`);
      expect(problem.hint?.text).toMatch(/^\S.*[^.]$/);
    }
  });

  test("has a row for what it complains about", () => {
    expect(own.some((row) => row.state === "failed" || row.state === "warning")).toBe(true);
  });
});
