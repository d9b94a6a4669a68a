import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { sampleHost, sampleSpec } from "../../../test/support/sample-spec.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import type { KubeletSpec } from "../../spec/kubernetes-spec.ts";
import { configurationDrift } from "./configuration-drift.ts";
import { kubeletConfiguration, kubeletConfigurationOf, kubeletPatch } from "./kubelet-configuration.ts";
import type { KubeletHostFacts } from "./kubelet-host-facts.ts";
import { withMergePatch } from "./merge-patch.ts";

const gibibyte = 2 ** 30;
const facts: KubeletHostFacts = {
  cgroupVersion: 2,
  systemdResolved: false,
  size: { processors: 4, memoryBytes: 8 * gibibyte, kubeletDiskBytes: 100 * gibibyte },
};
const worker: HostSpec = { ...sampleHost("w-1", "10.0.0.31", ["worker"]), pool: "batch" };
const controlPlane = sampleHost("cp-1", "10.0.0.11", ["control-plane", "etcd"]);

function specWith(kubelet: KubeletSpec, pool: KubeletSpec = {}, over: Partial<ClusterSpec> = {}): ClusterSpec {
  const base = sampleSpec(over);
  return { ...base, kubernetes: { ...base.kubernetes, kubelet }, pools: { default: {}, batch: pool } };
}

describe("kubeletConfiguration", () => {
  test("is safe and measured where the cluster file says nothing", () => {
    expect(kubeletConfiguration(sampleSpec())).toEqual({
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: "/etc/kubernetes/pki/ca.crt" },
      },
      authorization: { mode: "Webhook" },
      cgroupDriver: "systemd",
      clusterDNS: ["169.254.20.10"],
      clusterDomain: "cluster.local",
      containerLogMaxFiles: 5,
      containerLogMaxSize: "50Mi",
      evictionHard: {
        "memory.available": "500Mi",
        "nodefs.available": "10%",
        "nodefs.inodesFree": "5%",
        "imagefs.available": "15%",
        "imagefs.inodesFree": "5%",
      },
      healthzBindAddress: "127.0.0.1",
      healthzPort: 10248,
      imageGCHighThresholdPercent: 80,
      imageGCLowThresholdPercent: 70,
      maxParallelImagePulls: 5,
      maxPods: 110,
      podPidsLimit: 4096,
      readOnlyPort: 0,
      rotateCertificates: true,
      seccompDefault: true,
      serializeImagePulls: false,
      serverTLSBootstrap: true,
      shutdownGracePeriod: "30s",
      shutdownGracePeriodCriticalPods: "10s",
      staticPodPath: "/etc/kubernetes/manifests",
    });
  });

  test("looks names up at the DNS Service without a cache on the node", () => {
    const spec = sampleSpec({ addons: { dns: { replicas: 2, nodeLocal: false }, metricsServer: true } });
    expect(kubeletConfiguration(spec).clusterDNS).toEqual(["10.96.0.10"]);
  });

  test("takes fields Kubernetes has and the cluster file has not, over everything", () => {
    const spec = specWith({ extraConfig: { cpuManagerPolicy: "static", maxPods: 7 } });
    expect(kubeletConfiguration(spec)).toMatchObject({ cpuManagerPolicy: "static", maxPods: 7 });
  });

  test("pulls one image after the other where one at a time is asked for", () => {
    const spec = specWith({ maxParallelImagePulls: 1 });
    expect(kubeletConfiguration(spec)).toMatchObject({ serializeImagePulls: true, maxParallelImagePulls: 1 });
  });

  test("writes durations as Go does, so that kubeadm's file has them in the same words", () => {
    const spec = specWith({ shutdownGracePeriodSeconds: 3690, shutdownGracePeriodCriticalPodsSeconds: 120 });
    expect(kubeletConfiguration(spec)).toMatchObject({
      shutdownGracePeriod: "1h1m30s",
      shutdownGracePeriodCriticalPods: "2m0s",
    });
  });

  test("keeps no more for critical pods than there is for all", () => {
    const spec = specWith({ shutdownGracePeriodSeconds: 5 });
    expect(kubeletConfiguration(spec)).toMatchObject({ shutdownGracePeriodCriticalPods: "5s" });
  });
});

describe("kubeletPatch", () => {
  test("keeps resources for the host by its size", () => {
    const kept = { cpu: "40m", memory: "922Mi", "ephemeral-storage": "5120Mi" };
    expect(kubeletPatch(sampleSpec(), controlPlane, facts)).toEqual({ kubeReserved: kept, systemReserved: kept });
  });

  test("says what cgroup v1 and systemd-resolved need", () => {
    const patch = kubeletPatch(sampleSpec(), controlPlane, { ...facts, cgroupVersion: 1, systemdResolved: true });
    expect(patch).toMatchObject({
      cgroupDriver: "cgroupfs",
      failCgroupV1: false,
      resolvConf: "/run/systemd/resolve/resolv.conf",
    });
  });

  test("has what the pool says, for its workers alone", () => {
    const spec = specWith(
      { maxPods: 60, kubeReserved: { cpu: "1" }, extraConfig: { cpuManagerPolicy: "static" } },
      {
        maxPods: 30,
        evictionHard: { "memory.available": "1Gi" },
        extraConfig: { topologyManagerPolicy: "restricted" },
      },
    );
    expect(kubeletPatch(spec, worker, facts)).toEqual({
      maxPods: 30,
      evictionHard: { "memory.available": "1Gi" },
      kubeReserved: { cpu: "1", memory: "922Mi", "ephemeral-storage": "5120Mi" },
      systemReserved: { cpu: "40m", memory: "922Mi", "ephemeral-storage": "5120Mi" },
      topologyManagerPolicy: "restricted",
    });
    expect(Object.keys(kubeletPatch(spec, controlPlane, facts))).toEqual(["kubeReserved", "systemReserved"]);
  });

  test("makes the cluster's configuration the host's, whatever the two say", () => {
    const kubelets = fc.record(
      {
        maxPods: fc.integer({ min: 1, max: 200 }),
        podPidsLimit: fc.integer({ min: 64, max: 9000 }),
        containerLogMaxSize: fc.constantFrom("10Mi", "50Mi"),
        evictionHard: fc.dictionary(fc.constantFrom("memory.available", "pid.available"), fc.constantFrom("1Gi", "5%")),
        extraConfig: fc.dictionary(
          fc.constantFrom("a", "b"),
          fc.constantFrom<unknown>(1, "x", [1], { y: 1 }, { z: 2 }),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        kubelets,
        kubelets,
        fc.constantFrom<1 | 2>(1, 2),
        fc.boolean(),
        (all, pool, cgroupVersion, resolved) => {
          const spec = specWith(all, pool);
          const here = { ...facts, cgroupVersion, systemdResolved: resolved };
          const patched = withMergePatch(kubeletConfiguration(spec), kubeletPatch(spec, worker, here));
          expect(patched).toEqual(kubeletConfigurationOf(spec, worker, here));
        },
      ),
    );
  });
});

describe("configurationDrift", () => {
  const spec = sampleSpec();
  const small = {
    ...facts,
    cgroupVersion: 1 as const,
    size: { processors: 2, memoryBytes: 8 * gibibyte, kubeletDiskBytes: 50 * gibibyte },
  };
  const wanted = kubeletConfigurationOf(spec, controlPlane, small);
  /** Written by kubeadm 1.36.2 from the configuration and the patch above. */
  const written = parse(
    readFileSync(join(import.meta.dirname, "../../../test/cases/kubelet/config-by-kubeadm-1.36.2.yaml"), "utf8"),
  ) as Record<string, unknown>;

  test("finds none in what kubeadm itself wrote", () => {
    expect(configurationDrift(written, wanted)).toEqual([]);
  });

  test("names a changed, an added and a removed field", () => {
    const { podPidsLimit: _, ...edited } = written;
    const drift = configurationDrift(
      { ...edited, maxPods: 250, cpuManagerPolicy: "static", evictionHard: { "memory.available": "100Mi" } },
      wanted,
    );
    expect(drift).toEqual([
      { field: "cpuManagerPolicy", found: '"static"' },
      { field: "evictionHard.imagefs.available", wanted: '"15%"' },
      { field: "evictionHard.imagefs.inodesFree", wanted: '"5%"' },
      { field: "evictionHard.memory.available", found: '"100Mi"', wanted: '"500Mi"' },
      { field: "evictionHard.nodefs.available", wanted: '"10%"' },
      { field: "evictionHard.nodefs.inodesFree", wanted: '"5%"' },
      { field: "maxPods", found: "250", wanted: "110" },
      { field: "podPidsLimit", wanted: "4096" },
    ]);
  });

  test.each(["serializeImagePulls", "failCgroupV1"])(
    "names %s when it is left out, for its default is true",
    (field) => {
      const { [field]: _, ...edited } = written;
      expect(configurationDrift(edited, wanted).map((one) => one.field)).toEqual([field]);
    },
  );

  test("takes durations and amounts for the same in whatever units they are written", () => {
    const extra = { nodeStatusUpdateFrequency: "90s", memoryAmount: "1024Mi", cpu: "500m" };
    const typed = { nodeStatusUpdateFrequency: "1m30s", memoryAmount: "1Gi", cpu: "500m" };
    expect(configurationDrift({ ...written, ...typed }, { ...wanted, ...extra })).toEqual([]);
    const other = configurationDrift({ ...written, ...typed, cpu: "600m" }, { ...wanted, ...extra });
    expect(other).toEqual([{ field: "cpu", found: '"600m"', wanted: '"500m"' }]);
  });

  test("names everything in a file that is none", () => {
    expect(configurationDrift("", wanted).length).toBeGreaterThan(20);
  });
});
