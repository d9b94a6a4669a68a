import { describe, expect, test } from "vitest";
import { fakeHosts } from "../../../test/support/fake-hosts.ts";
import { debian12, fakeLinux, rocky9 } from "../../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { StepId } from "../../engine/step.ts";
import { osRelease } from "../../facts/os-release.ts";
import type { HostName } from "../../hosts/port.ts";
import { hostStateStep } from "../../resources/resource-group.ts";
import type { ArtifactsSpec } from "../../spec/cluster-spec.ts";
import { distributionOf } from "../os/distribution.ts";
import { packageMirror } from "./package-mirror.ts";

type Mirror = NonNullable<ArtifactsSpec["packageMirror"]>;

function machine(os: string, files: Record<string, string> = {}) {
  const hosts = fakeHosts({ hosts: ["a"], base: fakeLinux({ osRelease: os, files }) });
  const stepFor = (mirror: Mirror | undefined) =>
    hostStateStep({
      id: "mirror.configure/a" as StepId,
      title: "Use the mirror",
      phase: "baseline",
      on: "a" as HostName,
      after: [],
      needs: osRelease,
      resources: (found) =>
        packageMirror(
          { ...sampleSpec().artifacts, ...(mirror === undefined ? {} : { packageMirror: mirror }) },
          distributionOf(found),
        ),
    });
  return {
    host: hosts.host("a"),
    check: (mirror?: Mirror) => stepFor(mirror).check(lookAt(hosts, "a")),
    apply: async (mirror?: Mirror) => {
      const found = await stepFor(mirror).check(lookAt(hosts, "a"));
      if (found.state === "needed") await stepFor(mirror).apply(actOn(hosts, "a"), found.found);
    },
  };
}

const apt: Mirror = { kind: "apt", url: "http://mirror.example/debian", components: ["main", "contrib"] };
const dnf: Mirror = { kind: "dnf", url: "http://mirror.example/el9", signedBy: "/etc/pki/mirror.asc" };

describe("a package mirror", () => {
  test("takes the place of apt's sources, refreshes its lists once, and is then as declared", async () => {
    const at = machine(debian12);
    await at.apply(apt);
    expect(at.host.files.text("/etc/apt/slipway.list")).toContain(
      "deb http://mirror.example/debian bookworm main contrib\n",
    );
    expect(at.host.commands().filter((one) => one.endsWith("update"))).toHaveLength(1);
    expect(await at.check(apt)).toMatchObject({ state: "satisfied" });
  });

  test("whose lists were not refreshed, because the run was killed, has them refreshed by the next one", async () => {
    const at = machine(debian12);
    await at.apply(apt);
    at.host.files.write("/etc/apt/slipway.list", at.host.files.text("/etc/apt/slipway.list") ?? "");
    expect(await at.check(apt)).toMatchObject({ changes: [{ what: "package lists" }] });
  });

  test("that is declared no more gives apt its own sources back", async () => {
    const at = machine(debian12);
    await at.apply(apt);
    await at.apply();
    expect(at.host.files.paths().filter((path) => path.includes("slipway"))).toEqual([]);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("of the other kind is left alone", async () => {
    expect(await machine(debian12).check(dnf)).toMatchObject({ state: "satisfied" });
  });

  test("is written into dnf's configuration beside what is there, and taken out again", async () => {
    const own = "[main]\ngpgcheck=1\nbest=True\n";
    const at = machine(rocky9, { "/etc/dnf/dnf.conf": own });
    await at.apply(dnf);
    expect(at.host.files.text("/etc/dnf/dnf.conf")).toBe(
      "[main]\nreposdir=/etc/slipway/yum.repos.d\ngpgcheck=1\nbest=True\n",
    );
    expect(at.host.files.text("/etc/slipway/yum.repos.d/slipway.repo")).toContain("gpgkey=file:///etc/pki/mirror.asc");
    await at.apply();
    expect(at.host.files.text("/etc/dnf/dnf.conf")).toBe(own);
  });

  test("a repository folder of somebody else's is not taken out", async () => {
    const at = machine(rocky9, { "/etc/dnf/dnf.conf": "[main]\nreposdir=/etc/own\n" });
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });
});
