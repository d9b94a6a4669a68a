import type { FakeHost } from "./fake-host.ts";
import type { FakeCall, FakeFileScript, FakeHostScript, FakeResult, FakeRun } from "./fake-host-script.ts";

/** What a package brings when it is installed. */
export interface FakePackage {
  readonly version?: string;
  readonly files?: Readonly<Record<string, string | FakeFileScript>>;
  /** Units it brings; Debian starts and enables them when they are installed. */
  readonly units?: readonly string[];
}

interface FakeUnit {
  load: "loaded" | "not-found" | "masked";
  active: string;
  sub: string;
  unitFile: string;
  startedAt: number;
  changedAt: number;
  needsDaemonReload: boolean;
}

/** A machine whose commands have effects: dpkg, apt-get, systemctl, sysctl, modprobe, chmod, ... */
export interface FakeLinux extends FakeHostScript {
  /** The units of a host, to break. */
  unitsOf(host: FakeHost): Map<string, FakeUnit>;
  /** The packages of a host, to remove. */
  packagesOf(host: FakeHost): Map<string, string>;
}

export interface FakeLinuxScript {
  /** What apt-get can install, beyond which any name is a package without effects. */
  readonly repository?: Readonly<Record<string, FakePackage>>;
  readonly osRelease?: string;
  /** Bounding set of capabilities in hex; default: all. */
  readonly capabilities?: string;
  readonly cgroup?: "cgroup2fs" | "tmpfs";
  readonly files?: Readonly<Record<string, string | FakeFileScript>>;
  /** Settings under /proc/sys by path below it. */
  readonly sysctls?: Readonly<Record<string, string>>;
}

export const ubuntu2404 = 'PRETTY_NAME="Ubuntu 24.04.3 LTS"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n';
export const rocky9 = 'PRETTY_NAME="Rocky Linux 9.6"\nVERSION_ID="9.6"\nID="rocky"\nID_LIKE="rhel centos fedora"\n';
export const debian12 = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n';

/** A bare Debian machine, as `base` of `fakeHosts`. */
export function fakeLinux(script: FakeLinuxScript = {}): FakeLinux {
  const units = new WeakMap<FakeHost, Map<string, FakeUnit>>();
  const packages = new WeakMap<FakeHost, Map<string, string>>();
  const limits = new WeakMap<FakeHost, string>();
  const held = new WeakMap<FakeHost, Set<string>>();
  const heldOf = (host: FakeHost) => known(held, host, () => new Set<string>());
  const unitsOf = (host: FakeHost) => known(units, host, () => new Map<string, FakeUnit>());
  const packagesOf = (host: FakeHost) => known(packages, host, () => new Map<string, string>());
  const repository = script.repository ?? {};
  const candidate = (name: string) => repository[name]?.version ?? "1.0-1";

  const install = (host: FakeHost, wanted: string) => {
    const [name = "", version = candidate(name)] = wanted.split("=");
    if (packagesOf(host).has(name) && !wanted.includes("=")) return;
    packagesOf(host).set(name, version);
    host.files.write(`/var/lib/dpkg/info/${name}.list`, "");
    for (const [path, file] of Object.entries(repository[name]?.files ?? {})) {
      if (host.files.get(path) === undefined) host.files.write(path, file);
    }
    for (const unit of repository[name]?.units ?? []) {
      if (unitOf(host, unit).load === "masked") continue;
      const starts = host.files.text("/etc/os-release")?.includes("debian") === true;
      Object.assign(unitOf(host, unit), { load: "loaded", unitFile: starts ? "enabled" : "disabled" });
      if (starts) start(host, unit);
    }
  };
  const unitOf = (host: FakeHost, name: string): FakeUnit =>
    known(unitsOf(host), name, () => ({
      load: "not-found",
      active: "inactive",
      sub: "dead",
      unitFile: "",
      startedAt: 0,
      changedAt: 0,
      needsDaemonReload: false,
    }));
  const start = (host: FakeHost, name: string) => {
    const now = clock(host);
    Object.assign(unitOf(host, name), { active: "active", sub: "running", startedAt: now, changedAt: now });
  };

  const systemctl = (call: FakeCall): FakeResult => {
    const { host } = call;
    const [verb, ...rest] = call.argv.slice(call.argv.indexOf("systemctl") + 1);
    const end = rest.indexOf("--");
    const names = end >= 0 ? rest.slice(end + 1) : rest.filter((word) => !word.startsWith("-"));
    for (const name of names.filter((one) => host.files.get(`/etc/systemd/system/${one}`) !== undefined)) {
      const unit = unitOf(host, name);
      if (unit.load === "not-found") Object.assign(unit, { load: "loaded", unitFile: "disabled" });
    }
    if (verb === "show") {
      if (rest.includes("--type=swap")) return "";
      const limit = limits.get(host) ?? "LimitNOFILE=524288\nLimitNOFILESoft=1024\n";
      return names.map((name) => shown(name, unitOf(host, name)) + limit).join("\n");
    }
    if (verb === "daemon-reexec") {
      const file = host.files.text("/etc/systemd/system.conf.d/50-slipway.conf") ?? "";
      const [, soft, hard] = /DefaultLimitNOFILE=(\d+):(\d+)/.exec(file) ?? [];
      limits.set(host, `LimitNOFILE=${hard}\nLimitNOFILESoft=${soft}\n`);
    }
    for (const name of names) {
      const unit = unitOf(host, name);
      const cannot = unit.load === "not-found" ? `Unit ${name} not found.` : unit.load === "masked" ? "is masked" : "";
      if (cannot !== "" && ["start", "restart", "enable", "reload-or-restart"].includes(verb ?? "")) {
        return { exitCode: 5, stderr: cannot };
      }
      if (verb === "enable") unit.unitFile = "enabled";
      if (verb === "disable") unit.unitFile = "disabled";
      if (verb === "mask")
        Object.assign(unit, { load: "masked", unitFile: rest.includes("--runtime") ? "masked-runtime" : "masked" });
      if (verb === "unmask" && unit.load === "masked") Object.assign(unit, { load: "loaded", unitFile: "disabled" });
      if (verb === "start" && unit.active !== "active") start(host, name);
      if (verb === "restart") start(host, name);
      if (verb === "reload-or-restart") unit.changedAt = clock(host);
      if (verb === "stop") Object.assign(unit, { active: "inactive", sub: "dead", changedAt: clock(host) });
    }
    return "";
  };

  const runs: FakeRun[] = [
    {
      argv: ["dpkg-query"],
      answer: ({ argv, host }) => {
        const names = argv.slice(argv.indexOf("--") + 1);
        const lines = names.flatMap((name) => {
          const version = packagesOf(host).get(name);
          return version === undefined ? [] : [`${name}\t${version}\t${heldOf(host).has(name) ? "h" : "i"}i \n`];
        });
        return { exitCode: lines.length < names.length ? 1 : 0, stdout: lines.join("") };
      },
    },
    {
      argv: ["env"],
      answer: (call) => {
        const { argv, host } = call;
        if (argv.includes("systemctl")) return systemctl(call);
        if (argv.includes("apt-cache"))
          return `x:\n  Installed: (none)\n  Candidate: ${candidate(argv.at(-1) ?? "")}\n`;
        if (argv.includes("update")) {
          host.files.write("/var/lib/apt/lists", { type: "directory" });
          return "";
        }
        const operands = argv.slice(argv.indexOf("--") + 1);
        if (argv.includes("rpm")) {
          const lines = operands.map((name) => {
            const version = packagesOf(host).get(name);
            return version === undefined ? `package ${name} is not installed\n` : `${name}\t${version}\n`;
          });
          return { exitCode: operands.filter((name) => !packagesOf(host).has(name)).length, stdout: lines.join("") };
        }
        if (argv.includes("install")) for (const name of operands) install(host, name);
        return "";
      },
    },
    {
      argv: ["apt-mark", "hold", "--"],
      answer: ({ argv, host }) => {
        for (const name of argv.slice(3)) heldOf(host).add(name);
        return "";
      },
    },
    {
      argv: ["apt-mark", "unhold", "--"],
      answer: ({ argv, host }) => {
        for (const name of argv.slice(3)) heldOf(host).delete(name);
        return "";
      },
    },
    { argv: ["systemctl"], answer: systemctl },
    {
      argv: ["find"],
      answer: ({ argv, host }) => {
        const found = host.files.paths().filter((path) => argv.includes(path.slice(0, path.lastIndexOf("/"))));
        return found.map((path) => `${path}\n`).join("");
      },
    },
    {
      argv: ["grep", "-RHs", "--include=*.conf", "-e", "^[^#;]*="],
      answer: ({ argv, host }) => {
        const places = argv.slice(argv.indexOf("--") + 1);
        const paths = host.files
          .paths()
          .filter((path) => places.some((one) => path === one || path.startsWith(`${one}/`)));
        const lines = paths.flatMap((path) =>
          (host.files.text(path) ?? "").split("\n").map((line) => `${path}:${line}`),
        );
        const found = lines.filter((line) => /^[^:]*:[^#;]*=/.test(line));
        return { exitCode: found.length > 0 ? 0 : 1, stdout: found.map((line) => `${line}\n`).join("") };
      },
    },
    {
      argv: ["grep", "-rlsF"],
      answer: ({ argv, host }) => {
        const [text = "", , folder = ""] = argv.slice(argv.indexOf("-e") + 1);
        const name = argv.find((word) => word.startsWith("--include="))?.slice(10) ?? "";
        const found = host.files.paths().filter((path) => path.startsWith(`${folder}/`) && path.endsWith(`/${name}`));
        const lines = found.filter((path) => host.files.text(path)?.includes(text));
        return { exitCode: lines.length > 0 ? 0 : 1, stdout: lines.map((path) => `${path}\n`).join("") };
      },
    },
    {
      argv: ["sysctl", "-q", "-w", "--"],
      answer: ({ argv, host }) => {
        for (const assignment of argv.slice(4)) {
          const [key = "", value = ""] = assignment.split("=");
          host.files.write(`/proc/sys/${key.replaceAll(".", "/")}`, value);
        }
        return "";
      },
    },
    {
      argv: ["modprobe"],
      answer: ({ argv, host }) => {
        const name = argv.at(-1);
        host.files.write(`/sys/module/${name}`, { type: "directory" });
        if (name !== "br_netfilter") return "";
        for (const key of ["iptables", "ip6tables"])
          host.files.write(`/proc/sys/net/bridge/bridge-nf-call-${key}`, "0");
        return "";
      },
    },
    { argv: ["stat", "-f"], answer: `${script.cgroup ?? "cgroup2fs"}\n` },
    { argv: ["date"], answer: ({ host }) => `${clock(host)}.500000000\n` },
    {
      argv: ["containerd", "--version"],
      answer: ({ host }) => {
        const version = packagesOf(host).get("containerd") ?? packagesOf(host).get("containerd.io");
        if (version === undefined) return { exitCode: 127, stderr: "containerd: not found" };
        return `containerd github.com/containerd/containerd ${version} ${version}\n`;
      },
    },
    { argv: ["containerd", "--config"], answer: "" },
    {
      argv: ["ctr"],
      answer: ({ host }) => {
        if (unitsOf(host).get("containerd.service")?.active !== "active")
          return { exitCode: 1, stderr: "ctr: no socket" };
        return "TYPE                    ID     PLATFORMS      STATUS\nio.containerd.grpc.v1    cri    linux/amd64    ok\n";
      },
    },
    {
      argv: ["chmod"],
      answer: ({ argv, host }) => rewrite(host, argv.at(-1) ?? "", { mode: Number.parseInt(argv.at(-2) ?? "", 8) }),
    },
    {
      argv: ["chown"],
      answer: ({ argv, host }) => {
        const [owner = "", group = ""] = (argv.at(-2) ?? "").split(":");
        return rewrite(host, argv.at(-1) ?? "", { owner, group });
      },
    },
    { argv: ["touch"], answer: ({ argv, host }) => rewrite(host, argv.at(-1) ?? "", { modifiedAt: clock(host) }) },
    {
      argv: ["install", "-d"],
      answer: ({ argv, host }) => {
        const [mode, owner, group] = ["-m", "-o", "-g"].map((flag) => argv[argv.indexOf(flag) + 1] ?? "");
        const ownership = { owner: owner ?? "", group: group ?? "" };
        host.files.write(argv.at(-1) ?? "", { type: "directory", mode: Number.parseInt(mode ?? "", 8), ...ownership });
        return "";
      },
    },
    {
      argv: ["swapoff"],
      answer: ({ host }) => {
        host.files.write("/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n");
        return "";
      },
    },
  ];
  const sysctls = Object.entries(script.sysctls ?? bareSysctls).map(([path, value]) => [`/proc/sys/${path}`, value]);
  return {
    files: {
      "/etc/os-release": script.osRelease ?? debian12,
      "/proc/1/status": `Name:\tsystemd\nCapBnd:\t${script.capabilities ?? "000001ffffffffff"}\n`,
      "/proc/uptime": "1000.00 2000.00\n",
      "/proc/swaps": "Filename\tType\tSize\tUsed\tPriority\n",
      "/proc/filesystems": "nodev\tproc\n",
      "/etc/fstab": "",
      ...Object.fromEntries(sysctls),
      ...script.files,
    },
    runs,
    unitsOf,
    packagesOf,
  };
}

const bareSysctls: Readonly<Record<string, string>> = {
  "net/core/somaxconn": "4096",
  "net/ipv4/tcp_max_syn_backlog": "512",
  "net/ipv4/tcp_tw_reuse": "2",
  "net/ipv4/tcp_fin_timeout": "60",
  "net/ipv4/ip_forward": "0",
  "net/ipv4/ip_nonlocal_bind": "0",
  "fs/file-max": "9223372036854775807",
  "fs/inotify/max_user_instances": "128",
  "fs/inotify/max_user_watches": "65536",
  "vm/max_map_count": "65530",
  "vm/swappiness": "60",
};

/** The host's clock: every look at it is a second later. */
function clock(host: FakeHost): number {
  host.files.write("/run/clock", "");
  return host.files.get("/run/clock")?.modifiedAt ?? 0;
}

function rewrite(host: FakeHost, path: string, change: FakeFileScript): FakeResult {
  const file = host.files.get(path);
  if (file === undefined) return { exitCode: 1, stderr: `${path}: No such file or directory` };
  host.files.write(path, { ...file, content: file.bytes, ...change });
  return "";
}

function shown(name: string, unit: FakeUnit): string {
  const at = (second: number) =>
    second === 0 ? "" : `Thu ${new Date(second * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return `Id=${name}
Names=${name}
LoadState=${unit.load}
ActiveState=${unit.active}
SubState=${unit.sub}
UnitFileState=${unit.unitFile}
FragmentPath=
SourcePath=
MainPID=1
NeedDaemonReload=${unit.needsDaemonReload ? "yes" : "no"}
Result=success
ExecMainStartTimestamp=${at(unit.startedAt)}
ExecMainStartTimestampMonotonic=${unit.startedAt}
StateChangeTimestamp=${at(unit.changedAt)}
StateChangeTimestampMonotonic=${unit.changedAt}
`;
}

function known<K extends object | string, V>(
  map: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  const before = map.get(key);
  if (before !== undefined) return before;
  const made = make();
  map.set(key, made);
  return made;
}
