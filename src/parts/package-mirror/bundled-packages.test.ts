import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fakeHosts, fileCommands } from "../../../test/support/fake-hosts.ts";
import { fakeLinux } from "../../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { ArtifactSource, Origin } from "../../artifacts/artifact-source.ts";
import type { HostStep } from "../../engine/step.ts";
import { distributionNamed } from "../os/distribution.ts";
import { osSteps } from "../os/os-steps.ts";
import { bundledPackages } from "./bundled-packages.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "slipway-packages-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The tar is a text; unpacking it leaves an index. */
function archive(text: string): Origin & { readonly kind: "upload" } {
  const localPath = join(dir, "packages.tar");
  writeFileSync(localPath, text);
  const sha256 = createHash("sha256").update(text).digest("hex");
  return { kind: "upload", localPath, part: { offsetBytes: 0, sizeBytes: text.length, sha256 } };
}

function machine(origin: Origin | undefined) {
  const linux = fakeLinux({ repository: { chrony: { units: ["chrony.service"] } } });
  const hosts = fakeHosts({
    hosts: ["lb-1"],
    base: {
      ...linux,
      runs: [
        { argv: ["uname"], answer: "6.1.0 x86_64\n" },
        { argv: ["find"], answer: "" },
        {
          argv: ["tar", "-xf"],
          answer: ({ argv, host }) => {
            if (argv.at(-1) === "Packages")
              host.files.write(`${argv[4]}/.Packages`, host.files.text(argv[2] ?? "") ?? "");
            return "";
          },
        },
        ...fileCommands,
        ...(linux.runs ?? []),
      ],
    },
  });
  const source: ArtifactSource = {
    title: "a test's",
    file: (name) => {
      throw new Error(name);
    },
    image: () => undefined,
    packages: () => origin,
    chart: () => undefined,
  };
  const spec = sampleSpec({ artifacts: { ...sampleSpec().artifacts, bundle: "/srv/bundle.tar" } });
  const step = osSteps(spec, source).find((one) => one.on === "lb-1") as HostStep;
  return {
    host: hosts.host("lb-1"),
    check: () => step.check(lookAt(hosts, "lb-1")),
    apply: async () => {
      const found = await step.check(lookAt(hosts, "lb-1"));
      if (found.state === "needed") await step.apply(actOn(hosts, "lb-1"), found.found);
    },
  };
}

describe("packages out of a bundle", () => {
  test("become the one repository apt reads, before anything is installed", async () => {
    const origin = archive("Package: jq\n");
    const at = machine(origin);
    await at.apply();
    const folder = `/opt/slipway/packages/${origin.part.sha256.slice(0, 16)}`;
    expect(at.host.files.text("/etc/apt/slipway.list")).toContain(`deb [trusted=yes] file:${folder} ./\n`);
    expect(at.host.files.text(`${folder}/Packages`)).toBe("Package: jq\n");
    expect(at.host.files.get(`${folder}/.archive`)).toBeUndefined();
    const commands = at.host.commands();
    const order = ["tar -xf", "update", "install --"].map((text) => commands.findIndex((one) => one.includes(text)));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("are left out where the bundle has none for the distribution", async () => {
    const at = machine(undefined);
    await at.apply();
    expect(at.host.files.get("/etc/apt/slipway.list")).toBeUndefined();
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("are refused for a package manager that cannot be given a folder", () => {
    expect(() => bundledPackages(archive("x"), distributionNamed("rhel-9"))).toThrow("artifact/packages-not-placed");
  });
});
