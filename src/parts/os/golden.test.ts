import { describe, expect, test } from "vitest";
import { fakeHosts } from "../../../test/support/fake-hosts.ts";
import { debian12, fakeLinux, rocky9, ubuntu2404 } from "../../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { Change, HostStep } from "../../engine/step.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { containerdSteps } from "../containerd/containerd-steps.ts";
import { osSteps } from "./os-steps.ts";

const repository = {
  chrony: { units: ["chrony.service", "chronyd.service"] },
  containerd: { version: "1.7.24-0ubuntu1", units: ["containerd.service"] },
  "containerd.io": { version: "2.1.4-1.el9", units: ["containerd.service"] },
  "open-iscsi": { units: ["iscsid.service"] },
  "iscsi-initiator-utils": { units: ["iscsid.service"] },
} as const;

const own = sampleSpec();
const mirror = { url: "https://packages.example/debian", signedBy: "/etc/apt/keyrings/mirror.gpg" };
const spec: ClusterSpec = sampleSpec({
  os: { ...own.os, storageClients: true, packages: ["htop"], sysctls: { "vm.max_map_count": "524288" } },
  runtime: {
    ...own.runtime,
    mirrors: {
      "docker.io": [{ url: "https://harbor.example/v2/hub", caFile: "/etc/ssl/harbor.crt", skipVerify: false }],
      _default: [{ url: "http://cache.example:5000", skipVerify: true }],
    },
  },
});

/** What the plan shows on a bare host, and what apply then sends: the whole of both parts on one distribution. */
async function render(osRelease: string, declared: ClusterSpec): Promise<string> {
  const text: string[] = [];
  for (const name of ["lb-1", "cp-1"]) {
    const hosts = fakeHosts({ hosts: [name], base: fakeLinux({ repository, osRelease }) });
    const steps = [...osSteps(declared), ...containerdSteps(declared)].filter((one) => one.on === name) as HostStep[];
    for (const step of steps) {
      const found = await step.check(lookAt(hosts, name));
      // On a bare host nothing is left to be changed once containerd runs.
      if (step.title.startsWith("Change containerd")) {
        expect(found).toMatchObject({ state: "satisfied" });
        continue;
      }
      text.push(`== ${step.title} ==`);
      if (found.state !== "needed") throw new Error(`${step.id} is ${found.state} on a bare host`);
      text.push(...found.changes.map(shown));
      const from = hosts.host(name).changes.length;
      await step.apply(actOn(hosts, name), found.found);
      text.push(`-- ${step.title}: commands --`);
      text.push(
        ...hosts
          .host(name)
          .changes.slice(from)
          .map((one) => (one.kind === "run" ? one.argv.join(" ") : `${one.kind} ${one.path}`)),
      );
      expect(await step.check(lookAt(hosts, name))).toMatchObject({ state: "satisfied" });
    }
  }
  return `${text.join("\n")}\n`;
}

function shown(change: Change): string {
  const states = [change.from, change.to].filter((one) => one !== undefined).join(" → ");
  const because = change.because === undefined ? "" : ` (${change.because})`;
  const diff = change.diff === undefined ? "" : `\n${change.diff}`;
  return `${change.verb} ${change.what}${states === "" ? "" : `: ${states}`}${because}${diff}`;
}

function golden(name: string): string {
  return new URL(`../../../test/golden/os-and-containerd/${name}.txt`, import.meta.url).pathname;
}

describe("baseline and containerd, whole, on", () => {
  test("Debian 12", async () => {
    await expect(await render(debian12, spec)).toMatchFileSnapshot(golden("debian-12"));
  });

  test("Ubuntu 24.04, from a package mirror", async () => {
    const mirrored = { ...spec, artifacts: { ...spec.artifacts, packageMirror: { kind: "apt", ...mirror } as const } };
    await expect(await render(ubuntu2404, mirrored)).toMatchFileSnapshot(golden("ubuntu-24.04"));
  });

  test("Rocky 9, with Docker's containerd package pinned, from a package mirror", async () => {
    const rocky: ClusterSpec = {
      ...spec,
      runtime: { ...spec.runtime, package: "containerd.io" },
      artifacts: {
        ...spec.artifacts,
        packageMirror: { kind: "dnf", url: "https://packages.example/el9" },
      },
    };
    await expect(await render(rocky9, rocky)).toMatchFileSnapshot(golden("rocky-9"));
  });
});
