import { describe, expect, test } from "vitest";
import type { FakeFileScript } from "../../test/support/fake-host-script.ts";
import { fakeHosts } from "../../test/support/fake-hosts.ts";
import { fakeLinux } from "../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../test/support/host-look.ts";
import type { StepId } from "../engine/step.ts";
import type { HostName } from "../hosts/port.ts";
import { absent } from "./absent.ts";
import { directory } from "./directory.ts";
import { fileAccess } from "./file-access.ts";
import { noOthers } from "./no-others.ts";
import type { Resource } from "./resource.ts";
import { hostStateStep } from "./resource-group.ts";

function machine(resource: Resource, files: Record<string, string | FakeFileScript> = {}) {
  const hosts = fakeHosts({ hosts: ["a"], base: fakeLinux({ files }) });
  const step = hostStateStep({
    id: "paths.make/a" as StepId,
    title: "Make paths",
    phase: "baseline",
    on: "a" as HostName,
    after: [],
    resources: [resource],
  });
  const check = () => step.check(lookAt(hosts, "a"));
  const apply = async () => {
    const found = await check();
    if (found.state === "needed") await step.apply(actOn(hosts, "a"), found.found);
    return hosts.host("a").changes.map((one) => (one.kind === "run" ? one.argv.join(" ") : `${one.kind} ${one.path}`));
  };
  return { check, apply };
}

describe("a directory", () => {
  const declared = directory({ path: "/var/lib/etcd", mode: 0o700, owner: "etcd", group: "etcd" });

  test("is made with its mode and owner, and is then as declared", async () => {
    const at = machine(declared);
    expect(await at.apply()).toEqual(["install -d -m 0700 -o etcd -g etcd -- /var/lib/etcd"]);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("with a wrong mode and owner keeps what is in it", async () => {
    const at = machine(declared, { "/var/lib/etcd": { type: "directory" } });
    expect(await at.check()).toMatchObject({
      changes: [{ from: "mode 0755, owner root:root", to: "mode 0700, owner etcd:etcd" }],
    });
    expect(await at.apply()).toEqual(["chown -- etcd:etcd /var/lib/etcd", "chmod -- 0700 /var/lib/etcd"]);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("is refused where a file is", async () => {
    await expect(machine(declared, { "/var/lib/etcd": "x" }).check()).rejects.toMatchObject({
      problems: [{ code: "host/not-a-directory" }],
    });
  });
});

describe("a file of somebody else's", () => {
  const declared = fileAccess({ path: "/etc/kubernetes/admin.conf", mode: 0o600 });

  test("keeps its content, and may be read by those only who are declared", async () => {
    const at = machine(declared, { "/etc/kubernetes/admin.conf": { content: "x", mode: 0o644 } });
    expect(await at.check()).toMatchObject({ changes: [{ what: "file /etc/kubernetes/admin.conf", to: "mode 0600" }] });
    expect(await at.apply()).toEqual(["chmod -- 0600 /etc/kubernetes/admin.conf"]);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("is not missed", async () => {
    expect(await machine(declared).check()).toMatchObject({ state: "satisfied" });
  });
});

describe("a path that must not exist", () => {
  test("is removed when it does", async () => {
    const at = machine(absent("/etc/old"), { "/etc/old": "x" });
    expect(await at.apply()).toEqual(["remove /etc/old"]);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("that cannot be looked at is an error, not absent", async () => {
    const at = machine(absent("/etc/old"), { "/etc/old": { unreadable: "Permission denied" } });
    await expect(at.check()).rejects.toMatchObject({ problems: [{ code: "host/unreadable" }] });
  });
});

describe("no other files of ours", () => {
  test("removes those that are not declared, and nobody else's", async () => {
    const at = machine(noOthers("/etc/things", "thing.conf", "Managed by us", ["/etc/things/a/thing.conf"]), {
      "/etc/things/a/thing.conf": "# Managed by us\n",
      "/etc/things/b/thing.conf": "# Managed by us\n",
      "/etc/things/c/thing.conf": "# by hand\n",
    });
    expect(await at.apply()).toEqual(["remove /etc/things/b/thing.conf"]);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });
});
