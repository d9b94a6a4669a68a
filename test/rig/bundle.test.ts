import { once } from "node:events";
import { readdirSync, rmSync, utimesSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { cliRig } from "../support/cli-rig.ts";

const rig = cliRig();
afterAll(() => rig[Symbol.dispose]());

const cluster = `apiVersion: slipway.dev/v1alpha1
kind: Cluster
metadata: { name: edge }
spec:
  kubernetes: { version: 1.36.2 }
  hosts:
    - { name: cp-1, address: 10.0.0.11, roles: [control-plane, worker] }
  etcd: { topology: stacked }
  addons: { metricsServer: false, dns: { nodeLocal: false } }
  artifacts: { bundle: ./edge.tar }
`;
rig.file("cluster.yaml", cluster);
const create = [
  "bundle",
  "create",
  "edge.tar",
  "--from-dir",
  "given",
  "--platform",
  "debian-12/amd64",
  "--no-packages",
];

/** Everything that cluster needs, as small files. */
function give(): void {
  for (const program of ["kubeadm", "kubelet", "kubectl"])
    rig.file(`given/files/kubernetes/v1.36.2/linux/amd64/${program}`, program);
  rig.file("given/files/cni-plugins/v1.9.1/linux/amd64/bridge", "bridge");
  const images = ["kube-apiserver:v1.36.2", "kube-controller-manager:v1.36.2", "kube-scheduler:v1.36.2"];
  images.push("kube-proxy:v1.36.2", "etcd:3.6.8-0", "pause:3.10.2", "pause:3.10.1", "coredns/coredns:v1.14.2");
  for (const [at, name] of images.entries()) {
    const description = { ref: `registry.k8s.io/${name}`, files: { "/program": "program" }, entrypoint: ["/program"] };
    rig.file(`given/images/${at}/image.json`, JSON.stringify(description));
    rig.file(`given/images/${at}/program`, name);
  }
}

describe("bundle", () => {
  test("create names all that is missing, and writes nothing", async () => {
    rig.file("given/files/kubernetes/v1.36.2/linux/amd64/kubeadm", "kubeadm");
    const { code, stdout, stderr } = await rig.run(create);
    expect({ code: code === 0, stdout }).toEqual({ code: false, stdout: "" });
    expect(stderr).toContain("the file kubernetes/v1.36.2/linux/amd64/kubelet is not in given");
    expect(stderr).toContain("the image registry.k8s.io/etcd:3.6.8-0 for amd64 is not in given");
    expect(readdirSync(rig.folder).sort()).toEqual(["cluster.yaml", "given"]);
  });

  test("create, inspect and verify agree about a complete one, and nothing else is left", async () => {
    give();
    const made = await rig.run([...create, "-o", "json"]);
    expect(made.code, made.stderr).toBe(0);
    expect(readdirSync(rig.folder).sort()).toEqual(["cluster.yaml", "edge.tar", "given"]);
    const inspected = await rig.run(["bundle", "inspect", "edge.tar"]);
    expect(inspected.stdout).toContain("registry.k8s.io/kube-apiserver:v1.36.2");
    const verified = await rig.run([
      "bundle",
      "verify",
      "edge.tar",
      "--complete",
      "--platform",
      "debian-12/amd64",
      "--no-packages",
    ]);
    expect(verified).toMatchObject({ code: 0, stderr: "" });
    expect(verified.stdout).toMatch(/is whole: \d+ artifacts/);
  });

  test("create into a folder that is not there is told, and is no bug", async () => {
    const { code, stderr } = await rig.run(create.with(2, "nowhere/edge.tar"));
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /nowhere\/edge\.tar: cannot be written +state\/cannot-write\n +because +there is no such folder/,
    );
  });

  test("create removes what one that was killed has left, and only that", async () => {
    // Of another start of this computer, or of none that is known: it counts when it is old.
    rig.file(".edge.tar.0123456789ab.tmp/1.file", "half");
    rig.file(".other.tar.0123456789ab.tmp/1.file", "half");
    const longAgo = new Date(Date.now() - 3_600_000);
    for (const name of [".edge", ".other"])
      utimesSync(join(rig.folder, `${name}.tar.0123456789ab.tmp`), longAgo, longAgo);
    expect(await rig.run([...create, "-o", "json"])).toMatchObject({ code: 0 });
    expect(readdirSync(rig.folder).filter((name) => name.endsWith(".tmp"))).toEqual([".other.tar.0123456789ab.tmp"]);
    rmSync(join(rig.folder, ".other.tar.0123456789ab.tmp"), { recursive: true });
  });

  test("create leaves nothing behind when it is interrupted", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    rig.file("slow.yaml", cluster.replace("./edge.tar", `./slow.tar, kubernetesBaseURL: "http://127.0.0.1:${port}"`));
    rmSync(join(rig.folder, "given/files/kubernetes/v1.36.2/linux/amd64/kubelet"));
    const before = readdirSync(rig.folder).sort();
    const line = ["-f", "slow.yaml", ...create, "--download"];
    const end = await rig.run(line, { onOutput: (pid) => process.kill(pid, "SIGINT") });
    silent.close();
    expect(end).toMatchObject({ code: 130, signal: null, stdout: "" });
    expect(end.stderr).toMatch(/\nInterrupted: nothing was changed\.\n$/);
    expect(readdirSync(rig.folder).sort()).toEqual(before);
  });

  test("verify says what the cluster file needs and a bundle lacks", async () => {
    const { code, stdout } = await rig.run([
      "bundle",
      "verify",
      "edge.tar",
      "--complete",
      "--platform",
      "debian-12/amd64,debian-12/arm64",
    ]);
    expect(code).toBe(3);
    expect(stdout).toContain("the package chrony of debian-12 for amd64 is not in the bundle");
    expect(stdout).toContain("the image registry.k8s.io/kube-proxy:v1.36.2 for arm64 is not in the bundle");
  });

  test("a file that is no bundle, and a platform that is none, are refused by name", async () => {
    rig.file("text.tar", "x".repeat(2000));
    expect((await rig.run(["bundle", "inspect", join(rig.folder, "text.tar")])).stderr).toContain(
      "artifact/bundle-damaged",
    );
    expect((await rig.run(["bundle", "inspect", "none.tar"])).stderr).toContain("artifact/bundle-unreadable");
    const wrong = await rig.run(["bundle", "verify", "edge.tar", "--complete", "--platform", "debian"]);
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain('"debian" is not a platform');
  });
});
