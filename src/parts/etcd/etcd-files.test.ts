import { describe, expect, test } from "vitest";
import { sampleHost, sampleSpec } from "../../../test/support/sample-spec.ts";
import { etcdBootstrap, etcdEnvironment } from "./etcd-environment.ts";
import { etcdProgram } from "./etcd-install-step.ts";
import { etcdUnit } from "./etcd-unit.ts";

const golden = (name: string) => `../../../test/golden/etcd/${name}`;
const spec = sampleSpec();
const cp1 = sampleHost("cp-1", "10.0.0.11", ["control-plane", "etcd"]);
const variables = (text: string) => text.split("\n").filter((line) => line.startsWith("ETCD_"));

describe("the environment of a member", () => {
  test("is as in the golden file", async () => {
    await expect(etcdEnvironment(spec, cp1)).toMatchFileSnapshot(golden("cp-1.etcd.env"));
  });

  test("never says who the initial members are, and never that the cluster is new", () => {
    const text = etcdEnvironment(spec, cp1);
    expect(text).not.toMatch(/ETCD_INITIAL_CLUSTER(_TOKEN)?=/);
    expect(variables(text)).toContain("ETCD_INITIAL_CLUSTER_STATE=existing");
  });

  test("changes for no other member when a host is added", () => {
    const more = sampleSpec({ hosts: [...spec.hosts, sampleHost("e-4", "10.0.0.14", ["etcd"])] });
    expect(etcdEnvironment(more, cp1)).toBe(etcdEnvironment(spec, cp1));
  });

  test("names a WAL folder of its own only where there is one, and brackets IPv6 addresses", () => {
    const text = etcdEnvironment(
      sampleSpec({ etcd: { ...spec.etcd, walDir: "/var/lib/etcd-wal" } }),
      sampleHost("cp-1", "fd00::11", ["etcd"]),
    );
    expect(variables(text)).toContain("ETCD_WAL_DIR=/var/lib/etcd-wal");
    expect(variables(text)).toContain("ETCD_LISTEN_PEER_URLS=https://[fd00::11]:2380");
    expect(etcdEnvironment(spec, cp1)).not.toContain("WAL_DIR");
  });
});

describe("what a birth needs", () => {
  test("is as in the golden file", async () => {
    const members = new Map([
      ["cp-1", "https://10.0.0.11:2380"],
      ["cp-2", "https://10.0.0.12:2380"],
      ["cp-3", "https://10.0.0.13:2380"],
    ]);
    const text = etcdBootstrap({ state: "new", members, token: "demo-0123456789abcdef" });
    await expect(text).toMatchFileSnapshot(golden("bootstrap.env"));
  });
});

describe("etcd.service", () => {
  test.each([
    ["distribution.etcd.service", spec],
    [
      "release.etcd.service",
      sampleSpec({ etcd: { ...spec.etcd, source: { from: "release", version: "3.5.30", sha256: "0".repeat(64) } } }),
    ],
  ])("is as in %s", async (name, each) => {
    await expect(etcdUnit(etcdProgram(each), each.etcd.dataDir)).toMatchFileSnapshot(golden(name));
  });
});
