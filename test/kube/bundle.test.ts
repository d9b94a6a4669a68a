import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HostStep } from "../../src/engine/step.ts";
import { containerdImages } from "../../src/facts/containerd-images.ts";
import type { HostName } from "../../src/hosts/port.ts";
import { openSshHosts, type SshHosts } from "../../src/hosts/ssh-hosts.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { labDown } from "../../src/lab/lab-down.ts";
import { artifactSteps } from "../../src/parts/artifacts/artifact-steps.ts";
import { containerdSteps } from "../../src/parts/containerd/containerd-steps.ts";
import { osSteps } from "../../src/parts/os/os-steps.ts";
import { bundleSkipReason, containerdOf, testBundle } from "../support/bundle.ts";
import { actOn, lookAt } from "../support/host-look.ts";
import { labSkipReason, testLab } from "../support/lab.ts";
import { sampleHost, sampleSpec } from "../support/sample-spec.ts";

const machine = "m";
const bundle = testBundle();
const skipReason = bundleSkipReason() ?? (await labSkipReason(1));

function hasImage(name: string): boolean {
  return bundle?.index.artifacts.some((one) => one.kind === "image" && one.name.includes(name)) === true;
}

function makeSteps(): readonly HostStep[] {
  if (bundle === undefined) return [];
  const own = sampleSpec();
  const version = containerdOf(bundle);
  const spec = sampleSpec({
    hosts: [sampleHost(machine, "10.0.0.1", ["control-plane", "etcd", "worker"])],
    kubernetes: { ...own.kubernetes, version: bundle.index.kubernetes },
    etcd: { ...own.etcd, topology: "stacked" },
    addons: { ...own.addons, metricsServer: hasImage("metrics-server") },
    runtime: { ...own.runtime, ...(version === undefined ? {} : { source: { from: "release", version } }) },
    artifacts: { ...own.artifacts, bundle: bundle.path },
  });
  return [...osSteps(spec), ...containerdSteps(spec), ...artifactSteps(spec)] as readonly HostStep[];
}

describe.skipIf(skipReason !== undefined)(`programs and images out of a bundle ${skipReason ?? ""}`, () => {
  const steps = makeSteps();
  let lab: Lab;
  let hosts: SshHosts;

  beforeAll(async () => {
    lab = await testLab({ machines: [machine], name: "bundle" });
    const target = { host: lab.address(machine), user: "root", identityFile: lab.identityFile, sudo: "none" } as const;
    hosts = openSshHosts({
      targets: new Map([[machine as HostName, target]]),
      knownHostsFile: lab.knownHostsFile,
      keepAliveSeconds: 0,
    });
    // With system packages in the bundle nothing has to come from elsewhere, so nothing can.
    if (bundle?.index.artifacts.some((one) => one.kind === "package") === true) {
      await lab.exec(machine, ["ip", "route", "del", "default"]);
      await lab.exec(machine, ["apt-get", "clean"]);
    }
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

  const run = async (...argv: string[]) => (await lab.exec(machine, argv)).stdout.trim();

  test("a bare machine gets all of it by one apply, and the next plan is empty", async () => {
    const planned = await named();
    expect(planned).toContain("image registry.k8s.io/pause:3.10.2");
    expect(planned.filter((what) => what.startsWith("release "))).toHaveLength(3);
    await apply();
    expect(await named()).toEqual([]);
  });

  test("a second look costs two round trips, takes no digest of a program, and a second apply sends nothing", async () => {
    const before = hosts.usage().roundTrips;
    await named();
    expect(hosts.usage().roundTrips - before).toBe(2);
    expect(await apply()).toEqual([]);
  });

  test("the programs are those of the version, the images those of the index, and nothing is left behind", async () => {
    const { kubernetes, artifacts } = bundle?.index ?? { kubernetes: "", artifacts: [] };
    expect(await run("kubeadm", "version", "-o", "short")).toBe(`v${kubernetes}`);
    expect(await run("kubelet", "--version")).toBe(`Kubernetes v${kubernetes}`);
    expect(await run("readlink", "/usr/local/bin/kubelet")).toBe(`/opt/slipway/kubernetes/v${kubernetes}/kubelet`);
    expect(await run("systemctl", "is-enabled", "kubelet.service")).toBe("enabled");
    const images = await lookAt(hosts, machine).fact(containerdImages);
    const digests = new Map(artifacts.flatMap((one) => (one.kind === "image" ? [[one.name, one.digest]] : [])));
    for (const [ref, image] of images ?? [])
      if (digests.has(ref)) expect(image, ref).toEqual({ digest: digests.get(ref), isPinned: true });
    expect([...digests.keys()].filter((ref) => images?.has(ref)).length).toBeGreaterThan(6);
    expect(await run("find", "/var/cache", "-path", "*/slipway/*", "-type", "f")).toBe("");
    expect(await run("ls", "/opt/cni/bin")).toContain("bridge");
  });

  test("an image of the bundle runs", async () => {
    const ref = "registry.k8s.io/pause:3.10.2";
    const said = await run("ctr", "-n", "k8s.io", "run", "--rm", ref, "try", "/pause", "-v");
    expect(said).toContain("3.10");
  });

  test("a changed program, a lost image and a link of somebody else are named and mended", async () => {
    const folder = `/opt/slipway/kubernetes/v${bundle?.index.kubernetes}`;
    await run("sh", "-c", `printf x >>${folder}/kubectl`);
    await run("touch", `${folder}/kubeadm`);
    await run("ln", "-sfn", "/bin/true", "/opt/cni/bin/portmap");
    await run("ctr", "-n", "k8s.io", "images", "remove", "registry.k8s.io/pause:3.10.2");
    expect(await named()).toEqual([
      `release kubernetes ${bundle?.index.kubernetes}`,
      "link /opt/cni/bin/portmap",
      "image registry.k8s.io/pause:3.10.2",
    ]);
    const sent = await apply();
    expect(sent.filter((one) => one.startsWith("upload "))).toEqual([
      `upload ${folder}/kubectl`,
      expect.stringContaining("/var/cache/slipway/images/"),
    ]);
    expect(await named()).toEqual([]);
    expect(await run("kubectl", "version", "--client")).toContain(bundle?.index.kubernetes);
  });
});
