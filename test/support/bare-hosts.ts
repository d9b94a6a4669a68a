import type { ClusterSpec, HostSpec } from "../../src/spec/cluster-spec.ts";
import type { FakeCall, FakeHostScript, FakeResult, FakeRun } from "./fake-host-script.ts";
import { type FakeHosts, fakeHosts } from "./fake-hosts.ts";

/** What a host is like; everything not given is as preflight wants it. */
export interface BareHost {
  readonly cores?: number;
  readonly memoryGib?: number;
  /** Of the file system everything is on, in GB. */
  readonly diskGb?: number;
  readonly freeGb?: number;
  /** df line of etcd's data directory: device, type, size in bytes, free bytes. Default: a disk of its own. */
  readonly etcdDisk?: string;
  /** lsblk's JSON. */
  readonly blockDevices?: string;
  readonly kernel?: string;
  readonly osRelease?: string;
  readonly cgroup?: string;
  /** What containerd says of its version; absent: there is none. */
  readonly containerd?: string;
  /** What apt would install of it; absent: nothing is known. */
  readonly containerdCandidate?: string;
  /** Version of the etcd that is installed, and of the one its repositories have. */
  readonly etcd?: string;
  readonly etcdCandidate?: string;
  readonly swaps?: string;
  /** Of ss. */
  readonly listening?: FakeResult;
  /** Of ip -j addr; default: eth0 with the host's address in a /24. */
  readonly interfaces?: FakeResult;
  readonly mtu?: number;
  /** More IPv4 addresses on eth0. */
  readonly moreAddresses?: readonly string[];
  readonly mac?: string;
  readonly machineId?: string;
  readonly productUuid?: string;
  readonly routes?: string;
  readonly user?: string;
  readonly system?: FakeResult;
  readonly selinux?: string;
  readonly chains?: string;
  readonly activeFirewalls?: string;
  readonly activeUnits?: readonly string[];
  readonly synchronized?: "yes" | "no";
  /** Bounding set of process 1, in hexadecimal; default: everything is allowed. */
  readonly capabilities?: string;
  readonly resolvConf?: string;
  /** Names and their addresses. */
  readonly names?: Readonly<Record<string, string>>;
  /** Answer of a TCP probe of "host:port"; default "refused" between hosts, "open" for others, "silent" for the VIP. */
  readonly reach?: (target: string) => string | undefined;
  /** Largest packet that gets through to an address; undefined: pings are not answered. */
  readonly carries?: (address: string) => number | undefined;
  readonly hasPing?: boolean;
  readonly interpreter?: "perl" | "python3" | "none";
  /** Link address in the neighbour table for the VIP, and its state there; default REACHABLE. */
  readonly vipOwner?: string;
  readonly fsyncMicros?: readonly number[];
  readonly clockOffsetSeconds?: number;
  /** Commands that come before all others. */
  readonly runs?: readonly FakeRun[];
}

const notFound: FakeResult = { exitCode: 127, stderr: "sh: not found" };

/** Fake hosts of a cluster as they are before Slipway has touched them. A host given as `undefined` is unreachable. */
export function bareHosts(spec: ClusterSpec, hosts: Readonly<Record<string, BareHost | undefined>> = {}): FakeHosts {
  const scripts = spec.hosts.map((host, at) => [host.name, scriptOf(spec, host, at, hosts[host.name] ?? {})] as const);
  const fakes = fakeHosts({ hosts: Object.fromEntries(scripts) });
  for (const { name } of spec.hosts) {
    if (name in hosts && hosts[name] === undefined) fakes.host(name).unreachable = true;
  }
  return fakes;
}

function scriptOf(spec: ClusterSpec, host: HostSpec, at: number, bare: BareHost): FakeHostScript {
  const number = String(at + 1).padStart(2, "0");
  return {
    ...(bare.clockOffsetSeconds === undefined ? {} : { clockOffsetSeconds: bare.clockOffsetSeconds }),
    files: {
      "/proc/meminfo": meminfo(bare.memoryGib ?? 64),
      "/proc/1/status": `Name:\tsystemd\nCapBnd:\t${bare.capabilities ?? "000001ffffffffff"}\n`,
      "/proc/uptime": "7384.12 50000.00\n",
      "/proc/loadavg": "0.52 1.10 0.98 2/345 12345\n",
      "/proc/swaps": bare.swaps ?? "Filename Type Size Used Priority\n",
      "/etc/os-release": bare.osRelease ?? 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
      "/etc/machine-id": bare.machineId ?? `${number}23456789abcdef0123456789abcdef`,
      "/sys/class/dmi/id/product_uuid": bare.productUuid ?? `${number}000000-0042-3510-8056-b4c04f4e4e32`,
      "/etc/resolv.conf": bare.resolvConf ?? "nameserver 10.0.0.2\n",
      ...(bare.selinux === undefined ? {} : { "/sys/fs/selinux/enforce": bare.selinux }),
    },
    runs: [
      ...(bare.runs ?? []),
      {
        argv: ["curl", "--disable"],
        answer: { exitCode: 58, stderr: "curl: (58) could not load PEM client certificate" },
      },
      { argv: ["id", "-u"], answer: bare.user ?? "0\n" },
      { argv: ["nproc"], answer: `${bare.cores ?? 16}\n` },
      { argv: ["uname"], answer: `${bare.kernel ?? "6.1.0-28-amd64"} x86_64\n` },
      { argv: ["stat", "-f"], answer: bare.cgroup ?? "cgroup2fs\n" },
      { argv: ["df"], answer: (call) => df(spec, bare, call) },
      { argv: ["lsblk"], answer: bare.blockDevices ?? '{"blockdevices":[]}' },
      { argv: ["ss"], answer: bare.listening ?? "" },
      { argv: ["ip", "-j", "addr"], answer: bare.interfaces ?? interfacesOf(host, number, bare) },
      {
        argv: ["ip", "-j", "-4", "route"],
        answer: bare.routes ?? '[{"dst":"default"},{"dst":"10.0.0.0/24","dev":"eth0"}]',
      },
      { argv: ["ip", "-j", "-6", "route"], answer: "[]" },
      { argv: ["ip", "-j", "neigh"], answer: neighboursOf(bare) },
      { argv: ["systemctl", "is-system-running"], answer: bare.system ?? "running\n" },
      {
        argv: ["systemctl", "is-active"],
        answer: bare.activeFirewalls ?? { exitCode: 3, stdout: "inactive\n".repeat(3) },
      },
      { argv: ["env", "TZ=UTC", "LC_ALL=C", "systemctl", "show"], answer: (call) => unitsOf(bare, call) },
      { argv: ["timedatectl"], answer: `NTPSynchronized=${bare.synchronized ?? "yes"}\n` },
      { argv: ["nft"], answer: bare.chains ?? '{"nftables":[]}' },
      { argv: ["iptables"], answer: notFound },
      { argv: ["apt-get", "indextargets"], answer: "http://deb.example.org/debian\n" },
      { argv: ["apt-config"], answer: "" },
      { argv: ["grep"], answer: { exitCode: 2 } },
      { argv: ["curl"], answer: { exitCode: 7 } },
      { argv: ["etcdctl"], answer: notFound },
      { argv: ["etcd", "--version"], answer: bare.etcd === undefined ? notFound : `etcd Version: ${bare.etcd}\n` },
      {
        argv: ["containerd", "--version"],
        answer:
          bare.containerd === undefined
            ? notFound
            : `containerd github.com/containerd/containerd ${bare.containerd} x\n`,
      },
      {
        argv: ["env", "LC_ALL=C", "apt-cache", "policy"],
        answer: ({ argv }) => candidateOf(bare, argv.at(-1) ?? ""),
      },
      { argv: ["getent"], answer: ({ argv }) => lookup(bare, argv[2] ?? "") },
      { argv: ["ping"], answer: ({ argv }) => ping(bare, argv) },
      { argv: ["perl"], answer: (call) => interpreted(spec, bare, "perl", call) },
      { argv: ["python3"], answer: (call) => interpreted(spec, bare, "python3", call) },
      { argv: ["/usr/libexec/platform-python"], answer: notFound },
      { argv: ["dd"], answer: { stderr: "690000 bytes (690 kB, 674 KiB) copied, 0.6 s, 1.1 MB/s" } },
    ],
  };
}

function candidateOf(bare: BareHost, name: string): FakeResult | string {
  const version = name === "etcd-server" ? bare.etcdCandidate : bare.containerdCandidate;
  return version === undefined ? notFound : `${name}:\n  Candidate: ${version}\n`;
}

function meminfo(gib: number): string {
  return `MemTotal: ${gib * 1024 ** 2} kB\nMemAvailable: ${(gib / 2) * 1024 ** 2} kB\n`;
}

function df(spec: ClusterSpec, bare: BareHost, { argv }: FakeCall): string {
  const sizeBytes = (bare.diskGb ?? 500) * 1e9;
  const freeBytes = (bare.freeGb ?? (bare.diskGb ?? 500) / 2) * 1e9;
  const [device, type, size, avail] = (bare.etcdDisk ?? "/dev/nvme1n1 xfs 200000000000 150000000000").split(" ");
  const rows = argv.slice(3).flatMap((path) => {
    if (path === spec.etcd.dataDir)
      return [`${device} ${type} ${size} ${Number(size) - Number(avail)} ${avail} ${spec.etcd.dataDir} ${path}`];
    return path.includes("containerd") || path.includes("kubelet")
      ? []
      : [`/dev/nvme0n1p2 ext4 ${sizeBytes} ${sizeBytes - freeBytes} ${freeBytes} / ${path}`];
  });
  return ["Filesystem Type 1B-blocks Avail Mounted File", ...rows, ""].join("\n");
}

function interfacesOf(host: HostSpec, number: string, bare: BareHost): string {
  const addresses = [host.address, ...(bare.moreAddresses ?? [])];
  const eth0 = {
    ifname: "eth0",
    mtu: bare.mtu ?? 1500,
    address: bare.mac ?? `52:54:00:00:00:${number}`,
    flags: ["UP"],
    addr_info: addresses.map((local) => ({ local, prefixlen: 24, scope: "global" })),
  };
  const lo = { ifname: "lo", mtu: 65536, flags: ["LOOPBACK", "UP"], addr_info: [{ local: "127.0.0.1", prefixlen: 8 }] };
  return JSON.stringify([lo, eth0]);
}

function neighboursOf({ vipOwner }: BareHost): string {
  if (vipOwner === undefined) return "[]";
  const [lladdr, state = "REACHABLE"] = vipOwner.split(" ");
  return JSON.stringify([{ dst: "10.0.0.10", dev: "eth0", lladdr, state: [state] }]);
}

function unitsOf(bare: BareHost, { argv }: FakeCall): string {
  const units = argv.slice(argv.indexOf("--") + 1);
  const blocks = units.map((unit) => {
    const isActive = bare.activeUnits?.includes(unit) ?? false;
    return `Id=${unit}\nNames=${unit}\nLoadState=${isActive ? "loaded" : "not-found"}\nActiveState=${isActive ? "active" : "inactive"}\nSubState=${isActive ? "running" : "dead"}\n`;
  });
  return blocks.join("\n");
}

function lookup(bare: BareHost, name: string): FakeResult {
  const address = bare.names?.[name];
  return address === undefined ? { exitCode: 2 } : `${address} STREAM ${name}\n${address} DGRAM\n`;
}

function ping(bare: BareHost, argv: readonly string[]): FakeResult {
  if (bare.hasPing === false) return notFound;
  const sizeBytes = Number(argv[argv.indexOf("-s") + 1]) + 28;
  const carries = bare.carries === undefined ? 9000 : bare.carries(argv.at(-1) ?? "");
  return { exitCode: carries !== undefined && sizeBytes <= carries ? 0 : 1 };
}

/** Both programs and the question whether the interpreter is there, told apart by what they are given. */
function interpreted(spec: ClusterSpec, bare: BareHost, command: "perl" | "python3", { argv }: FakeCall): FakeResult {
  if ((bare.interpreter ?? "perl") !== command) return notFound;
  const programAt = argv.findIndex((word) => word === "-e" || word === "-c") + 1;
  const program = argv[programAt] ?? "";
  if (program.includes("slipway-fsync")) {
    return `${(bare.fsyncMicros ?? Array.from({ length: 300 }, () => 900)).join("\n")}\n`;
  }
  if (!/getaddrinfo/.test(program)) return "";
  const words = argv.slice(programAt + 1).filter((word) => word !== "--");
  const isHost = (address: string) => spec.hosts.some((host) => host.address === address);
  const states = words.slice(1).flatMap((host, at, all) => {
    if (at % 2 === 1) return [];
    const given = bare.reach?.(`${host}:${all[at + 1]}`);
    return [given ?? (isHost(host) ? "refused" : host === spec.endpoint.address ? "silent" : "open")];
  });
  return `${states.join("\n")}\n`;
}
