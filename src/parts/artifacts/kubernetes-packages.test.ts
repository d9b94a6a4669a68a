import { describe, expect, test } from "vitest";
import type { FakeRun } from "../../../test/support/fake-host-script.ts";
import { fakeHosts, fileCommands } from "../../../test/support/fake-hosts.ts";
import { linkCommands } from "../../../test/support/fake-links.ts";
import { fakeLinux } from "../../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import { publicSource } from "../../artifacts/public-source.ts";
import type { HostStep } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { distributionNamed } from "../os/distribution.ts";
import { artifactSteps } from "./artifact-steps.ts";
import { kubernetesPackages } from "./kubernetes-packages.ts";

const key = "/etc/apt/keyrings/slipway-kubernetes.asc";
const keyText = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----\n";
const repository = "https://pkgs.k8s.io/core:/stable:/v1.36/deb/";

function packaged(): ClusterSpec {
  const spec = sampleSpec();
  return { ...spec, kubernetes: { ...spec.kubernetes, version: "1.36.2", install: "packages" } };
}

/** A Debian node that reaches the repository. */
function node(files: Readonly<Record<string, string>> = {}) {
  const kubernetes = { version: "1.36.2-1.1", units: ["kubelet.service"] };
  const linux = fakeLinux({
    repository: { kubelet: kubernetes, kubeadm: { version: "1.36.2-1.1" }, kubectl: { version: "1.36.2-1.1" } },
    files,
  });
  const curl: FakeRun = {
    argv: ["curl"],
    answer: ({ argv, host }) => {
      host.files.write(argv[argv.indexOf("--output") + 1] ?? "", keyText);
      return "";
    },
  };
  const hosts = fakeHosts({
    hosts: ["w-1"],
    base: {
      ...linux,
      runs: [
        { argv: ["uname", "-r", "-m"], answer: "6.1.0 x86_64\n" },
        curl,
        ...linkCommands,
        ...fileCommands,
        ...(linux.runs ?? []),
      ],
    },
  });
  const step = artifactSteps(packaged(), publicSource(packaged())).find((one) => one.on === "w-1") as HostStep;
  return {
    host: hosts.host("w-1"),
    check: () => step.check(lookAt(hosts, "w-1")),
    apply: async () => {
      const found = await step.check(lookAt(hosts, "w-1"));
      if (found.state === "needed") await step.apply(actOn(hosts, "w-1"), found.found);
      return found.state === "needed" ? found.changes.map((one) => `${one.verb} ${one.what}`) : found.state;
    },
  };
}

describe("Kubernetes as packages", () => {
  test("comes from its repository, signed, in exactly one version that is held", async () => {
    const at = node();
    expect(await at.apply()).toEqual([
      `create file ${key}`,
      "create file /etc/apt/sources.list.d/slipway-kubernetes.list",
      "run package lists",
      "create package kubeadm",
      "create package kubelet",
      "create package kubectl",
      "update unit kubelet.service",
    ]);
    expect(at.host.files.text("/etc/apt/sources.list.d/slipway-kubernetes.list")).toContain(
      `deb [signed-by=${key}] ${repository} /\n`,
    );
    expect(at.host.files.text(key)).toBe(keyText);
    expect(at.host.files.paths().filter((path) => path.endsWith(".partial"))).toEqual([]);
    const commands = at.host.commands();
    expect(commands).toContainEqual(
      expect.stringMatching(/install -- kubeadm=1.36.2-1.1 kubelet=1.36.2-1.1 kubectl=1.36.2-1.1$/),
    );
    expect(commands).toContain("apt-mark hold -- kubeadm kubelet kubectl");
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("gets a key that was cut off again", async () => {
    const at = node();
    await at.apply();
    at.host.files.write(key, keyText.slice(0, 50));
    expect(await at.apply()).toEqual([`update file ${key}`]);
    expect(at.host.files.text(key)).toBe(keyText);
  });

  test("takes the place of programs that were placed: nothing starts those any more", async () => {
    const folder = "/opt/slipway/kubernetes/v1.35.0";
    const mark = "# Managed by Slipway: kubelet\n";
    const at = node({
      "/etc/systemd/system/kubelet.service": mark,
      "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf": mark,
      "/usr/local/bin/kubelet": `link to ${folder}/kubelet`,
      "/usr/local/bin/kubectl": "link to /home/me/kubectl",
      [`${folder}/kubelet`]: "a program",
      "/opt/slipway/kubernetes": "",
    });
    const changes = await at.apply();
    expect(changes).toContain("delete file /etc/systemd/system/kubelet.service");
    expect(changes).toContain("delete file /etc/systemd/system/kubelet.service.d/10-kubeadm.conf");
    expect(changes).toContain("delete link /usr/local/bin/kubelet");
    expect(at.host.files.text("/usr/local/bin/kubectl")).toBe("link to /home/me/kubectl");
    expect(at.host.commands()).toContain("systemctl daemon-reload");
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("comes with dnf from the rpm repository, which enables no unit", () => {
    const keys = kubernetesPackages(packaged(), distributionNamed("rhel-9")).map((one) => one.key);
    expect(keys.slice(0, 2)).toEqual([
      "file /etc/yum.repos.d/slipway-kubernetes.repo",
      "packages kubeadm, kubelet, kubectl",
    ]);
    expect(keys.at(-1)).toBe("unit kubelet.service");
  });

  test("comes from the declared mirror where there is one", () => {
    const spec = packaged();
    const packageMirror = { kind: "apt", url: "https://mirror.example.org/debian" } as const;
    const mirrored = { ...spec, artifacts: { ...spec.artifacts, packageMirror } };
    expect(kubernetesPackages(mirrored, distributionNamed("debian-12")).map((one) => one.key)[0]).toBe(
      "packages kubeadm, kubelet, kubectl",
    );
  });
});
