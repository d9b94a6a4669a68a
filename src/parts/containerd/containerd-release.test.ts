import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fakeHosts, fileCommands } from "../../../test/support/fake-hosts.ts";
import { linkCommands, linkOn } from "../../../test/support/fake-links.ts";
import { fakeLinux } from "../../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { ArtifactSource } from "../../artifacts/artifact-source.ts";
import type { HostStep } from "../../engine/step.ts";
import type { RuntimeSpec } from "../../spec/cluster-spec.ts";
import { containerdUnitPath } from "./containerd-release.ts";
import { containerdSteps } from "./containerd-steps.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "slipway-containerd-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const programs = ["bin/containerd", "bin/containerd-shim-runc-v2", "bin/ctr"];
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Every version is a tarball that is its own name. */
const source: ArtifactSource = {
  title: "a test's",
  file: (name) => {
    const localPath = join(dir, sha256(name));
    writeFileSync(localPath, name);
    return { kind: "upload", localPath, part: { offsetBytes: 0, sizeBytes: name.length, sha256: sha256(name) } };
  },
  image: () => undefined,
  packages: () => undefined,
  chart: () => undefined,
};

function machine() {
  const linux = fakeLinux({ repository: { containerd: { version: "2.0.2-1", units: ["containerd.service"] } } });
  const hosts = fakeHosts({
    hosts: ["w-1"],
    base: {
      ...linux,
      runs: [
        { argv: ["uname"], answer: "6.1.0 x86_64\n" },
        ...linkCommands,
        {
          argv: ["tar", "-xf"],
          answer: ({ argv, host }) => {
            for (const name of programs) host.files.write(`${argv[4]}/${name}`, `${name} of ${argv[4]}`);
            return "";
          },
        },
        {
          argv: ["env", "-C"],
          answer: ({ argv, host }) =>
            argv
              .slice(5)
              .map((name) => `${sha256(host.files.text(`${argv[2]}/${name}`) ?? "")}  ${name}\n`)
              .join(""),
        },
        ...fileCommands,
        ...(linux.runs ?? []),
      ],
    },
  });
  const host = hosts.host("w-1");
  const stepsFor = (runtime: RuntimeSpec["source"]) =>
    containerdSteps(sampleSpec({ runtime: { ...sampleSpec().runtime, source: runtime } }), source).filter(
      (one) => one.on === "w-1",
    ) as HostStep[];
  return {
    host,
    link: (path: string) => linkOn(host, path),
    open: async (runtime: RuntimeSpec["source"]) => {
      const checks = await Promise.all(stepsFor(runtime).map((step) => step.check(lookAt(hosts, "w-1"))));
      return checks.flatMap((one) => (one.state === "needed" ? one.changes.map((change) => change.what) : []));
    },
    apply: async (runtime: RuntimeSpec["source"]) => {
      for (const step of stepsFor(runtime)) {
        const found = await step.check(lookAt(hosts, "w-1"));
        if (found.state === "needed") await step.apply(actOn(hosts, "w-1"), found.found);
      }
    },
  };
}

const release = (version: string) => ({ from: "release", version }) as const;

describe("containerd as a release", () => {
  test("is placed with its own unit and configuration, runc comes from the distribution", async () => {
    const at = machine();
    expect(await at.open(release("2.1.9"))).toEqual([
      "package runc",
      "release containerd 2.1.9",
      `file ${containerdUnitPath}`,
      "file /etc/containerd/config.toml",
      "file /etc/crictl.yaml",
      "service containerd.service",
      "systemctl daemon-reload",
    ]);
  });

  test("another release is placed beside it and switched to, and the same one again is nothing to do", async () => {
    const at = machine();
    await at.apply(release("2.1.9"));
    expect(await at.open(release("2.1.9"))).toEqual([]);
    expect(at.link("/usr/local/bin/containerd")).toBe("/opt/slipway/containerd/2.1.9/bin/containerd");
    expect(await at.open(release("2.2.1"))).toContain("release containerd 2.2.1");
    await at.apply(release("2.2.1"));
    expect(at.link("/usr/local/bin/ctr")).toBe("/opt/slipway/containerd/2.2.1/bin/ctr");
    expect(at.host.commands()).toContain("systemctl restart -- containerd.service");
    expect(at.host.files.get("/opt/slipway/containerd/2.1.9/bin/ctr")).toBeDefined();
  });

  test("its unit gives way when containerd comes as a package again; one of somebody else stays", async () => {
    const at = machine();
    await at.apply(release("2.1.9"));
    const open = await at.open({ from: "package" });
    expect(open).toContain(`file ${containerdUnitPath}`);
    expect(open).toContain("link /usr/local/bin/containerd-shim-runc-v2");
    at.host.files.write(containerdUnitPath, "[Service]\nExecStart=/mine\n");
    expect(await at.open({ from: "package" })).not.toContain(`file ${containerdUnitPath}`);
  });
});
