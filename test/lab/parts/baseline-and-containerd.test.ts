import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HostStep } from "../../../src/engine/step.ts";
import type { HostName } from "../../../src/hosts/port.ts";
import { openSshHosts, type SshHosts } from "../../../src/hosts/ssh-hosts.ts";
import type { Lab } from "../../../src/lab/lab.ts";
import { labDown } from "../../../src/lab/lab-down.ts";
import { containerdSteps } from "../../../src/parts/containerd/containerd-steps.ts";
import { osSteps } from "../../../src/parts/os/os-steps.ts";
import type { ClusterSpec } from "../../../src/spec/cluster-spec.ts";
import { actOn, lookAt } from "../../support/host-look.ts";
import { labSkipReason, testLab } from "../../support/lab.ts";
import { sampleHost, sampleSpec } from "../../support/sample-spec.ts";

const skipReason = await labSkipReason(1);
const machine = "m";

const own = sampleSpec();
const spec = sampleSpec({
  hosts: [sampleHost(machine, "10.0.0.11", ["control-plane", "etcd", "worker"])],
  runtime: { ...own.runtime, mirrors: { "docker.io": [{ url: "https://mirror.example", skipVerify: false }] } },
});
/** Of a cluster whose containerd is declared differently in `changed`. */
function stepsFor(changed: Partial<ClusterSpec["runtime"]> = {}): readonly HostStep[] {
  const declared = { ...spec, runtime: { ...spec.runtime, ...changed } };
  return [...osSteps(declared), ...containerdSteps(declared)] as readonly HostStep[];
}
let steps = stepsFor();

describe.skipIf(skipReason !== undefined)(`baseline and containerd on a real machine ${skipReason ?? ""}`, () => {
  let lab: Lab;
  let hosts: SshHosts;

  beforeAll(async () => {
    lab = await testLab({ machines: [machine], name: "parts" });
    const target = { host: lab.address(machine), user: "root", identityFile: lab.identityFile, sudo: "none" } as const;
    hosts = openSshHosts({
      targets: new Map([[machine as HostName, target]]),
      knownHostsFile: lab.knownHostsFile,
      keepAliveSeconds: 0,
    });
  });
  afterAll(async () => {
    await hosts?.close();
    if (lab !== undefined) await labDown({ name: lab.name });
  });

  /** What a plan names; empty when everything is satisfied. */
  async function named(): Promise<string[]> {
    const look = lookAt(hosts, machine);
    const checks = await Promise.all(steps.map((step) => step.check(look)));
    return checks.flatMap((one) => {
      if (one.state === "needed") return one.changes.map(({ what }) => what);
      return one.state === "satisfied" ? [] : [one.state];
    });
  }

  /** Applies, and returns every change that was sent. */
  async function apply(): Promise<string[]> {
    const sent: string[] = [];
    for (const step of steps) {
      const found = await step.check(lookAt(hosts, machine));
      if (found.state !== "needed") continue;
      const act = actOn(hosts, machine);
      const change: typeof act.change = async (one) => {
        sent.push(one.kind === "run" ? one.argv.join(" ") : `${one.kind} ${one.path}`);
        return await act.change(one);
      };
      await step.apply({ ...act, change }, found.found);
    }
    return sent;
  }

  test("a bare machine is made as declared by one apply, and the next plan is empty", async () => {
    expect(await named()).toContain("package chrony");
    await apply();
    expect(await named()).toEqual([]);
  });

  test("a second look costs two round trips, and a second apply sends nothing", async () => {
    const before = hosts.usage().roundTrips;
    await named();
    expect(hosts.usage().roundTrips - before).toBe(2);
    expect(await apply()).toEqual([]);
  });

  test("containerd runs with the configuration that was written for it", async () => {
    const dump = await lab.exec(machine, ["containerd", "config", "dump"]);
    expect(dump.stdout).toContain("registry.k8s.io/pause:3.10.1");
    expect(dump.stdout).toContain("/etc/containerd/certs.d");
    expect(dump.stdout).toContain('address = "127.0.0.1:1338"');
  });

  test.each<[string, string, string[], RegExp[]]>([
    [
      "an edited file",
      "echo 'server evil' >> /etc/chrony/chrony.conf",
      ["file /etc/chrony/chrony.conf", "service chrony.service"],
      [/^write .*chrony.conf$/, /^systemctl restart -- chrony/],
    ],
    [
      "a wrong mode",
      "chmod 0666 /etc/containerd/config.toml",
      ["file /etc/containerd/config.toml"],
      [/^chmod -- 0644 .*config.toml$/],
    ],
    ["a wrong owner", "chown nobody /etc/crictl.yaml", ["file /etc/crictl.yaml"], [/^chown/, /^chmod/]],
    ["a removed file", "rm /etc/crictl.yaml", ["file /etc/crictl.yaml"], [/^write .*crictl.yaml$/]],
    [
      "a stopped service",
      "systemctl stop containerd",
      ["service containerd.service"],
      [/^systemctl start -- containerd/],
    ],
    [
      "a killed service that does not come back",
      "systemctl kill -s KILL chrony; sleep 0.5",
      ["service chrony.service"],
      [/^systemctl reset-failed/, /^systemctl start -- chrony/],
    ],
    [
      "a masked service",
      "systemctl disable chrony 2>&1; systemctl mask --now chrony 2>&1",
      // A mask on a unit with a drop-in leaves systemd wanting to be reloaded.
      ["service chrony.service", "systemctl daemon-reload"],
      [/^systemctl daemon-reload$/, /^systemctl unmask/, /^systemctl enable/, /^systemctl start/],
    ],
    [
      "a process older than its file",
      "touch /etc/containerd/config.toml",
      ["service containerd.service"],
      [/^systemctl restart -- containerd/],
    ],
    [
      "a file dated in the future",
      "touch -d '+2 hours' /etc/containerd/config.toml",
      ["service containerd.service"],
      [/^touch --no-create/, /^systemctl restart -- containerd/],
    ],
    ["a removed package", "apt-get -q -y remove jq", ["package jq"], [/apt-get .* install -- jq$/]],
    [
      "a kernel setting changed at run time",
      "echo 61 > /proc/sys/net/ipv4/tcp_fin_timeout",
      ["sysctl net.ipv4.tcp_fin_timeout"],
      [/^sysctl -q -w -- net.ipv4.tcp_fin_timeout=15$/],
    ],
    [
      "a mirror nobody declares",
      "d=/etc/containerd/certs.d; mkdir -p $d/quay.io; cp $d/docker.io/hosts.toml $d/quay.io/",
      ["file /etc/containerd/certs.d/quay.io/hosts.toml"],
      [/^remove .*quay.io\/hosts.toml$/],
    ],
    [
      "swap at the next boot",
      "echo '/dev/sdz9 none swap sw 0 0' >> /etc/fstab",
      ["file /etc/fstab"],
      [/^write \/etc\/fstab$/],
    ],
  ])("%s is named, and mended by exactly what is needed", async (_, breakIt, expected, commands) => {
    // Whatever an earlier case left behind is its own failure and not this one's.
    await apply();
    await lab.exec(machine, ["sh", "-c", breakIt]);
    expect(await named()).toEqual(expected);
    const sent = await apply();
    expect(sent).toHaveLength(commands.length);
    for (const [index, command] of commands.entries()) expect(sent[index]).toMatch(command);
    expect(await named()).toEqual([]);
  });

  test("a configuration the installed containerd cannot read leaves the one in use, and the process, alone", async () => {
    await apply();
    const seen = async () => {
      const path = "/etc/containerd/config.toml";
      const { stdout } = await lab.exec(machine, [
        "sh",
        "-c",
        `sha256sum ${path}; ls /etc/containerd; systemctl show -p MainPID containerd`,
      ]);
      return stdout;
    };
    const before = await seen();
    const declared = steps;
    steps = stepsFor({ maxConcurrentDownloads: "six" as never });
    await expect(apply()).rejects.toMatchObject({ problems: [{ code: "host/configuration-refused" }] });
    steps = declared;
    expect(await seen()).toBe(before);
    expect(await named()).toEqual([]);
  });

  test("a containerd that runs without the plugin the kubelet talks to is named", async () => {
    await apply();
    const dropIn = "/run/systemd/system/containerd.service.d/lab.conf";
    const other = "/run/lab-containerd.toml";
    await lab.exec(machine, [
      "sh",
      "-c",
      `mkdir -p $(dirname ${dropIn}) && printf 'version = 2\\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\\n' > ${other} &&
       printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/containerd --config ${other}\\n' > ${dropIn} &&
       systemctl daemon-reload && systemctl restart containerd`,
    ]);
    expect(await named()).toEqual([`wait for containerd on ${machine} to answer the kubelet`]);
    await lab.exec(machine, ["sh", "-c", `rm ${dropIn} && systemctl daemon-reload && systemctl restart containerd`]);
    expect(await named()).toEqual([]);
  });

  test("a pinned version is held, and held no more when it is pinned no more; the hold of somebody else stays", async () => {
    await apply();
    const held = async () => (await lab.exec(machine, ["apt-mark", "showhold"])).stdout.trim();
    const query = ["dpkg-query", "-W", "-f", "$" + "{Version}", "containerd"];
    const version = (await lab.exec(machine, query)).stdout.trim();
    const declared = steps;
    steps = stepsFor({ version });
    await apply();
    expect(await held()).toBe("containerd");
    expect(await named()).toEqual([]);
    steps = declared;
    expect(await named()).toEqual(["package containerd"]);
    await apply();
    expect(await held()).toBe("");
    await lab.exec(machine, ["apt-mark", "hold", "containerd"]);
    expect(await named()).toEqual([]);
    await lab.exec(machine, ["apt-mark", "unhold", "containerd"]);
  });

  test("a file that sets a kernel setting otherwise at boot is named with it", async () => {
    await apply();
    const rival = "/etc/sysctl.d/zz-rival.conf";
    await lab.exec(machine, ["sh", "-c", `echo 'net.ipv4.tcp_fin_timeout = 77' > ${rival}; sysctl -q -p ${rival}`]);
    const checks = await Promise.all(steps.map((step) => step.check(lookAt(hosts, machine))));
    expect(JSON.stringify(checks)).toContain(`${rival} sets it to 77 at boot`);
    await lab.exec(machine, ["rm", rival]);
    await apply();
    expect(await named()).toEqual([]);
  });

  test("an installation that was cut off half-way is finished", async () => {
    await lab.exec(machine, ["apt-get", "-q", "-y", "remove", "jq", "socat"]);
    await lab.exec(machine, [
      "sh",
      "-c",
      "cd /var/cache/apt/archives && apt-get -q download jq && dpkg --unpack jq_*.deb",
    ]);
    expect(await named()).toEqual(["package jq", "package socat"]);
    await apply();
    expect(await named()).toEqual([]);
  });
});
