import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sampleKubernetes } from "../../test/support/sample-kubernetes.ts";
import { containerdRelease } from "../domain/containerd-release.ts";
import { loadCluster } from "./load-cluster.ts";

const examples = join(import.meta.dirname, "../../examples");
const base = readFileSync(join(import.meta.dirname, "../../test/cases/cluster-files/base.txt"), "utf8");

function specOf(text: string, fileName = "cluster.yaml") {
  const loaded = loadCluster(text, fileName);
  if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems, null, 2));
  return loaded.spec;
}

function example(name: string): string {
  return readFileSync(join(examples, name, "cluster.yaml"), "utf8");
}

describe("examples", () => {
  test.each(globSync("*/cluster.yaml", { cwd: examples }))("%s loads without a warning", (path) => {
    const loaded = loadCluster(readFileSync(join(examples, path)), path);
    expect(loaded).toMatchObject({ warnings: [] });
  });

  test("the smallest useful highly available file has under 25 lines", () => {
    expect(example("minimal").trimEnd().split("\n").length).toBeLessThan(25);
  });

  test("go on to Kubernetes with packages as old as Debian 12's, and have the release of containerd that is suggested", () => {
    for (const path of globSync("*/cluster.yaml", { cwd: examples })) {
      // That one goes as far as etcd with the packages; the demo adds what Kubernetes wants.
      if (path === "lab/cluster.yaml") continue;
      const { etcd, runtime } = specOf(readFileSync(join(examples, path), "utf8"));
      expect([path, runtime.source]).toEqual([path, { from: "release", version: containerdRelease }]);
      expect([path, etcd.topology === "stacked" || etcd.source.from === "release"]).toEqual([path, true]);
    }
  });
});

describe("defaults", () => {
  test("make etcd external when hosts have its role, and stacked when none has", () => {
    expect(specOf(base).etcd.topology).toBe("external");
    expect(specOf(example("external-lb")).etcd.topology).toBe("stacked");
  });

  test("take the pod sandbox of the Kubernetes version, from where the control plane's images come", () => {
    const older = example("single").replace(
      /version: 1\.36\.\d+/,
      "version: 1.35.4, imageRepository: registry.example/k8s",
    );
    expect(specOf(example("single")).runtime.pauseImage).toBe("registry.k8s.io/pause:3.10.2");
    expect(specOf(older).runtime.pauseImage).toBe("registry.example/k8s/pause:3.10.1");
  });

  test("make the only control plane its own endpoint", () => {
    expect(specOf(example("single")).endpoint).toEqual({ kind: "host", address: "192.168.1.20", port: 6443 });
  });

  test("make the only load balancer the endpoint", () => {
    const text = example("single").replace(
      "hosts:",
      "hosts:\n    - { name: lb-1, address: 192.168.1.10, roles: [load-balancer] }",
    );
    expect(specOf(text).endpoint).toEqual({ kind: "host", address: "192.168.1.10", port: 6443 });
  });

  test("give the virtual IP what it needs", () => {
    expect(specOf(example("minimal")).endpoint).toEqual({
      kind: "virtual-ip",
      address: "10.0.0.10",
      prefix: 24,
      port: 6443,
      routerId: 51,
      vrrp: "unicast",
      failover: "authenticated",
    });
  });

  test("make Kubernetes safe and measured where the file names its version alone", () => {
    const spec = specOf(base);
    expect(spec.kubernetes).toEqual(sampleKubernetes);
    expect(spec.pools).toEqual({ default: {} });
    expect(spec.addons).toEqual({ dns: { replicas: 2, nodeLocal: true }, metricsServer: true });
    expect(spec.network.plugin).toEqual({ kind: "bridge" });
    expect(spec.runtime.source).toEqual({ from: "package" });
    expect(spec.artifacts).toEqual({
      kubernetesBaseUrl: "https://dl.k8s.io",
      filesBaseUrl: "https://github.com/etcd-io/etcd/releases/download",
    });
  });

  test("are each network plugin's own, with a pinned version", () => {
    const pluginOf = (plugin: string) =>
      specOf(example("minimal").replace("spec:", `spec:\n  network: { plugin: { ${plugin} } }`)).network.plugin;
    expect(pluginOf("kind: cilium")).toEqual({
      kind: "cilium",
      version: expect.stringMatching(/^1\.[0-9]+\.[0-9]+$/),
      kubeProxyReplacement: true,
      hubble: true,
      encryption: "none",
      routing: "tunnel",
    });
    expect(pluginOf("kind: calico")).toMatchObject({ encapsulation: "VXLAN", bgp: false, peers: [] });
    expect(pluginOf("kind: calico, bgp: true")).toMatchObject({ encapsulation: "None", bgp: true });
    expect(pluginOf("kind: flannel, version: v0.27.4")).toEqual({
      kind: "flannel",
      version: "0.27.4",
      backend: "vxlan",
    });
  });

  test("follow the hosts to IPv6", () => {
    const spec = specOf(example("single").replace("192.168.1.20", '"FD00:0:0:1::A"'));
    expect(spec.hosts[0]?.address).toBe("fd00:0:0:1::a");
    expect(spec.network).toMatchObject({
      podCidr: "fd00:10:244::/48",
      serviceCidr: "fd00:10:96::/112",
      nodePrefix: 64,
    });
  });

  test("log in as root without sudo, and as others with it", () => {
    const sudoOf = (ssh: string) => specOf(`${example("single")}  ssh: ${ssh}\n`).hosts[0]?.ssh.sudo;
    expect(sudoOf("{}")).toBe("none");
    expect(sudoOf("{ user: root }")).toBe("none");
    expect(sudoOf("{ user: admin }")).toBe("passwordless");
    expect(sudoOf("{ user: admin, sudo: password }")).toBe("password");
  });
});

describe("the spec", () => {
  const spec = specOf(example("production"));

  test("has pools worked into their hosts, with the host's own labels beside", () => {
    expect(spec.hosts.find((host) => host.name === "batch-1")).toEqual({
      name: "batch-1",
      address: "10.10.0.61",
      roles: ["worker"],
      pool: "batch",
      zone: "c",
      labels: { "node.example.com/pool": "batch", "node.example.com/disk": "nvme" },
      taints: [{ key: "node.example.com/batch", value: "true", effect: "PreferNoSchedule" }],
      ssh: {
        host: "batch-1.mgmt.example.com",
        port: 2222,
        user: "slipway",
        identityFile: "~/.ssh/id_ed25519",
        proxyJump: "slipway@bastion.example.com",
        sudo: "passwordless",
      },
    });
  });

  test("has sizes in bytes and sysctls as text", () => {
    expect(spec.etcd.quotaBackendBytes).toBe(8 * 2 ** 30);
    expect(spec.os.sysctls["vm.max_map_count"]).toBe("524288");
  });

  test("has versions without a v, and URLs without a slash at the end", () => {
    const text = example("single").replace("1.36.2", "v1.36.2");
    const changed = specOf(`${text}  artifacts: { filesBaseURL: https://files.example.com/etcd/ }\n`);
    expect(changed.kubernetes.version).toBe("1.36.2");
    expect(changed.artifacts.filesBaseUrl).toBe("https://files.example.com/etcd");
  });

  test("has identity files found beside the cluster file", () => {
    const keyOf = (key: string) =>
      specOf(`${example("single")}  ssh: { identityFile: ${key} }\n`, "clusters/a/cluster.yaml").hosts[0]?.ssh
        .identityFile;
    expect(keyOf("keys/id")).toBe("clusters/a/keys/id");
    expect(keyOf("./keys/id")).toBe("clusters/a/keys/id");
    expect(keyOf("~/.ssh/id")).toBe("~/.ssh/id");
    expect(keyOf("/etc/id")).toBe("/etc/id");
  });
});

describe("problems", () => {
  test("of the fields and between fields come at once, in the order of the lines", () => {
    const text = base
      .replace("10.0.0.12", "10.0.0.11")
      .replace("name: cp-1", "name: CP_1")
      .replace("prefix: 24", "prefixx: 24")
      .replace("name: w-2", "name: w-1");
    const loaded = loadCluster(text, "cluster.yaml");
    expect("problems" in loaded && loaded.problems.map((one) => [one.where?.source?.line, one.code])).toEqual([
      [8, "config/missing-field"],
      [8, "config/unknown-field"],
      [11, "config/duplicate-address"],
      [12, "config/invalid-value"],
      [16, "config/duplicate-host-name"],
    ]);
  });

  test("say what was found, the rule, and a fix, and underline the value", () => {
    const loaded = loadCluster(base.replace("name: cp-1", "name: CP_1"), "cluster.yaml");
    expect("problems" in loaded && loaded.problems[0]).toEqual({
      code: "config/invalid-value",
      severity: "error",
      message: "spec.hosts[2].name is not a host name",
      because: expect.stringContaining('found "CP_1"; a host name is an RFC 1123 name'),
      hint: { text: "write it like cp-1" },
      where: {
        source: {
          file: "cluster.yaml",
          line: 12,
          column: 15,
          length: 4,
          text: "    - { name: CP_1, address: 10.0.0.21, roles: [control-plane, etcd] }",
        },
      },
    });
  });

  test("that repeat very often are counted after the first 500", () => {
    const hosts = Array.from({ length: 900 }, (_, index) => `    - { name: w_${index} }`).join("\n");
    const loaded = loadCluster(example("single").replace(/ {4}- .*/, hosts), "cluster.yaml");
    if (!("problems" in loaded)) throw new Error("the file loaded");
    expect(loaded.problems).toHaveLength(501);
    expect(loaded.problems.at(-1)).toMatchObject({
      code: "config/more-problems",
      message: "2200 more problems follow",
    });
  });
});

describe("kubernetes", () => {
  const withKubernetes = (more: string) =>
    specOf(example("minimal").replace("version: 1.36.2", `version: v1.36.2, ${more}`));

  test("has flags as text, whatever they were written as", () => {
    const { kubernetes } = withKubernetes("scheduler: { extraArgs: { profiling: true, v: 4 } }");
    expect(kubernetes.version).toBe("1.36.2");
    expect(kubernetes.scheduler.extraArgs).toEqual({ profiling: "true", v: "4" });
  });

  test("always has the plugin that keeps kubelets to their own nodes", () => {
    const { apiServer } = withKubernetes("apiServer: { admissionPlugins: [AlwaysPullImages] }").kubernetes;
    expect(apiServer.admissionPlugins).toEqual(["NodeRestriction", "AlwaysPullImages"]);
  });

  test("has a pool's kubelet settings under the pool's name", () => {
    const spec = specOf(
      example("minimal").replace(
        "spec:",
        "spec:\n  pools: [{ name: big, kubelet: { imageGCLowThresholdPercent: 60 } }]",
      ),
    );
    expect(spec.pools).toEqual({ default: {}, big: { imageGcLowThresholdPercent: 60 } });
  });

  test("has amounts of namespaces as text", () => {
    const spec = specOf(
      example("minimal").replace(
        "spec:",
        "spec:\n  namespaces: [{ name: a, defaultDeny: false, quota: { pods: 5 }, limits: { default: { cpu: 1 } } }]",
      ),
    );
    expect(spec.namespaces).toEqual([
      {
        name: "a",
        labels: {},
        podSecurity: "baseline",
        quota: { pods: "5" },
        limits: { default: { cpu: "1" }, defaultRequest: {} },
        defaultDeny: false,
      },
    ]);
  });
});

describe("the bundle", () => {
  const bundleOf = (path: string, fileName: string) =>
    specOf(example("minimal").replace("spec:", `spec:\n  artifacts: { bundle: ${path} }`), fileName).artifacts.bundle;

  test("is found from the cluster file, wherever Slipway is run", () => {
    expect(bundleOf("./b.tar", "/etc/clusters/a.yaml")).toBe("/etc/clusters/b.tar");
    expect(bundleOf("/srv/b.tar", "/etc/clusters/a.yaml")).toBe("/srv/b.tar");
    expect(bundleOf("b.tar", "a.yaml")).toBe(join(process.cwd(), "b.tar"));
  });
});
