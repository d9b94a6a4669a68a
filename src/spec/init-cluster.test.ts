import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { containerdRelease } from "../domain/containerd-release.ts";
import { ProblemError } from "../problems/problem.ts";
import type { ClusterAnswers } from "./init-cluster.ts";
import { renderClusterFile } from "./init-cluster.ts";
import { loadCluster } from "./load-cluster.ts";

const highlyAvailable: ClusterAnswers = {
  name: "demo",
  kubernetesVersion: "1.36.2",
  virtualIp: { address: "10.0.0.10", prefix: 24 },
  endpointName: "api.demo.example.com",
  ssh: { user: "admin", identityFile: "~/.ssh/id_ed25519", sudo: "password" },
  hosts: [
    { name: "lb-1", address: "10.0.0.11", roles: ["load-balancer"] },
    { name: "lb-2", address: "10.0.0.12", roles: ["load-balancer"] },
    { name: "cp-1", address: "10.0.0.21", roles: ["control-plane", "etcd"], zone: "a" },
    { name: "w-1", address: "10.0.0.31", roles: ["worker"], sshHost: "w-1.mgmt" },
  ],
};

function specOf(text: string) {
  const loaded = loadCluster(text, "cluster.yaml");
  if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.spec;
}

describe("renderClusterFile", () => {
  test("writes a file that says what was answered", () => {
    expect(specOf(renderClusterFile(highlyAvailable))).toMatchObject({
      name: "demo",
      kubernetes: { version: "1.36.2" },
      endpoint: { kind: "virtual-ip", name: "api.demo.example.com", address: "10.0.0.10", prefix: 24 },
      hosts: [
        { name: "lb-1", ssh: { user: "admin", identityFile: "~/.ssh/id_ed25519", sudo: "password" } },
        { name: "lb-2" },
        { name: "cp-1", roles: ["control-plane", "etcd"], zone: "a" },
        { name: "w-1", ssh: { host: "w-1.mgmt" } },
      ],
    });
  });

  test("shows what else can be set, and the comments make a file that loads too", () => {
    const text = renderClusterFile({ ...highlyAvailable, ssh: {} });
    const uncommented = text.replace(/^( +)# (network|os|mirrors|etcd|ssh): /gm, "$1$2: ");
    const spec = specOf(uncommented.replace("DIGEST", "0123456789abcdef".repeat(4)));
    expect(spec.etcd.walDir).toBe("/data/etcd-wal");
    expect(spec.etcd.source.from).toBe("release");
    expect(Object.keys(spec.runtime.mirrors)).toEqual(["docker.io"]);
    expect(spec.runtime.source).toEqual({ from: "release", version: containerdRelease });
  });

  test("says that Debian 12's etcd is too old for external etcd, and what to write", () => {
    const text = renderClusterFile(highlyAvailable);
    expect(text).toContain("Kubernetes 1.36 wants 3.5.24 or newer: Debian 12's (3.4) is too old");
    expect(text).toMatch(/etcd: .*source: \{ from: release, version: 3\.5\.\d+, sha256: DIGEST \}/);
  });

  test("writes an external endpoint", () => {
    const answers: ClusterAnswers = {
      name: "demo",
      kubernetesVersion: "1.36.2",
      external: { address: "fd00::10" },
      hosts: [{ name: "cp-1", address: "fd00::1", roles: ["control-plane", "worker"] }],
    };
    expect(specOf(renderClusterFile(answers)).endpoint).toEqual({
      kind: "external",
      name: "fd00::10",
      address: "fd00::10",
      port: 6443,
    });
  });

  test("refuses answers that make no cluster with the problems of the file", () => {
    const answers = { ...highlyAvailable, virtualIp: { address: "10.0.0.11", prefix: 24 } };
    expect(() => renderClusterFile(answers)).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ code: "config/vip-is-a-host" })] }),
    );
  });

  test("writes what loads as it was answered, or refuses, whatever the answers", () => {
    const text = fc.oneof(
      fc.constantFrom("a", "w-1", "true", "1.30", "null", "yes", "0x1", "10.0.0.9", "fd00::1"),
      fc.string(),
    );
    const answers = fc.record({
      name: text,
      kubernetesVersion: fc.oneof(fc.constant("1.36.2"), text),
      endpointName: text,
      ssh: fc.record({ user: text, identityFile: text, proxyJump: text }, { requiredKeys: [] }),
      hosts: fc.tuple(
        fc.record({ name: text, address: text, roles: fc.constant(["control-plane"] as const), zone: text }),
      ),
    });
    fc.assert(
      fc.property(answers, (given) => {
        try {
          const spec = specOf(renderClusterFile(given));
          expect([spec.name, spec.hosts[0]?.name, spec.endpoint.name]).toEqual([
            given.name,
            given.hosts[0].name,
            given.endpointName,
          ]);
        } catch (error) {
          expect(error).toBeInstanceOf(ProblemError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
