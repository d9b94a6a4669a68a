import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FakeHost } from "../../../test/support/fake-host.ts";
import type { FakeRun } from "../../../test/support/fake-host-script.ts";
import { fakeHosts, fileCommands } from "../../../test/support/fake-hosts.ts";
import { linkCommands, linkOn } from "../../../test/support/fake-links.ts";
import { fakeLinux } from "../../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { ArtifactSource, Origin } from "../../artifacts/artifact-source.ts";
import { publicSource } from "../../artifacts/public-source.ts";
import type { Check, HostStep } from "../../engine/step.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { artifactSteps } from "./artifact-steps.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "slipway-artifacts-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const folder = "/opt/slipway/kubernetes/v1.36.2";
const plugins = ["bridge", "host-local", "loopback", "portmap", "vlan"];

const imagesOf = new WeakMap<FakeHost, Map<string, string>>();

/** Programs a node has that the model of a Linux machine lacks. `served` is what the internet has, by address. */
function commands(served: Readonly<Record<string, string>> = {}): readonly FakeRun[] {
  const images = (host: FakeHost) => getOr(imagesOf, host);
  return [
    { argv: ["uname", "-r", "-m"], answer: "6.1.0 x86_64\n" },
    { argv: ["touch"], answer: "" },
    ...linkCommands,
    {
      argv: ["tar", "-xf"],
      answer: ({ argv, host }) => {
        const text = host.files.text(argv[2] ?? "") ?? "";
        for (const name of text.split(" ")) host.files.write(`${argv[4]}/${name}`, `the plugin ${name}`);
        return "";
      },
    },
    {
      argv: ["env", "-C"],
      answer: ({ argv, host }) => {
        const lines = argv.slice(5).flatMap((name) => {
          const text = host.files.text(`${argv[2]}/${name}`);
          return text === undefined ? [] : [`${sha256(text)}  ${name}\n`];
        });
        return { exitCode: lines.length === argv.length - 5 ? 0 : 1, stdout: lines.join("") };
      },
    },
    {
      argv: ["ctr", "--namespace", "k8s.io", "images", "list"],
      answer: ({ host }) =>
        `REF TYPE DIGEST SIZE LABELS\n${[...images(host)].map(([ref, rest]) => `${ref} type ${rest}\n`).join("")}`,
    },
    {
      argv: ["ctr", "--namespace", "k8s.io", "images", "label"],
      answer: ({ argv, host }) => {
        const [ref = "", label = ""] = argv.slice(-2);
        images(host).set(ref, `${images(host).get(ref)},${label}`);
        return "";
      },
    },
    {
      argv: ["ctr", "--namespace", "k8s.io", "images", "import"],
      answer: ({ argv, host }) => {
        const [ref = "", digest = ""] = (host.files.text(argv.at(-1) ?? "") ?? "").split("@");
        images(host).set(ref, `${digest} 1 KiB managed`);
        return "";
      },
    },
    {
      argv: ["curl"],
      answer: ({ argv, host }) => {
        const text = served[argv.at(-1) ?? ""];
        if (text === undefined) return { exitCode: 22, stderr: "404" };
        const output = argv.indexOf("--output");
        if (output < 0) return text;
        host.files.write(argv[output + 1] ?? "", text);
        return "";
      },
    },
    ...fileCommands,
  ];
}

function getOr<K extends WeakKey>(maps: WeakMap<K, Map<string, string>>, key: K): Map<string, string> {
  const known = maps.get(key) ?? new Map<string, string>();
  maps.set(key, known);
  return known;
}

/** Sends texts: programs are their names, archives the names of what is in them, images their reference and digest. */
function textSource(changed: Readonly<Record<string, string>> = {}): ArtifactSource {
  const upload = (name: string, text: string): Origin & { kind: "upload" } => {
    const localPath = join(dir, name.replaceAll(/[^a-z0-9]/g, "-"));
    writeFileSync(localPath, text);
    const part = { offsetBytes: 0, sizeBytes: text.length, sha256: sha256(text) };
    return { kind: "upload", localPath, part };
  };
  return {
    title: "texts",
    file: (name) => upload(name, changed[name] ?? (name.startsWith("cni-plugins") ? plugins.join(" ") : name)),
    image: (ref) => {
      const digest = `sha256:${sha256(changed[ref] ?? ref)}`;
      return { ref, digest, archive: upload(ref, `${ref}@${digest}`) };
    },
    packages: () => undefined,
    chart: () => undefined,
  };
}

function node(source: ArtifactSource, served: Readonly<Record<string, string>> = {}, over: Partial<ClusterSpec> = {}) {
  const linux = fakeLinux();
  const hosts = fakeHosts({ hosts: ["w-1"], base: { ...linux, runs: [...commands(served), ...(linux.runs ?? [])] } });
  const host = hosts.host("w-1");
  let step = stepOf(source, over);
  return {
    host,
    link: (path: string) => linkOn(host, path),
    images: () => getOr(imagesOf, host),
    declare: (changed: ArtifactSource, spec: Partial<ClusterSpec> = over) => {
      step = stepOf(changed, spec);
    },
    check: (): Promise<Check> => step.check(lookAt(hosts, "w-1")),
    apply: async (): Promise<readonly string[]> => {
      const from = host.changes.length;
      const found = await step.check(lookAt(hosts, "w-1"));
      if (found.state === "needed") await step.apply(actOn(hosts, "w-1"), found.found);
      return host.changes
        .slice(from)
        .map((one) => (one.kind === "run" ? one.argv.join(" ") : `${one.kind} ${one.path}`));
    },
  };
}

function stepOf(source: ArtifactSource, over: Partial<ClusterSpec>): HostStep {
  const found = artifactSteps(sampleSpec(over), source).find((step) => step.on === "w-1");
  if (found === undefined) throw new Error("w-1 has no step");
  return found as HostStep;
}

const named = (check: Check) => (check.state === "needed" ? check.changes.map((one) => one.what) : check.state);

async function problemOf(promise: Promise<unknown>) {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ProblemError) return error.problem;
  throw new Error(`no problem but ${String(error)}`);
}

describe("placing what is sent", () => {
  test("puts programs, plugins, unit and images on a node, then finds nothing to do without a digest of a program", async () => {
    const at = node(textSource());
    expect(named(await at.check())).toContain("image registry.k8s.io/kube-proxy:v1.36.2");
    await at.apply();
    expect(at.host.files.text(`${folder}/kubelet`)).toBe("kubernetes/v1.36.2/linux/amd64/kubelet");
    expect(at.host.files.get(`${folder}/kubelet`)?.mode).toBe(0o755);
    expect(at.link("/usr/local/bin/kubelet")).toBe(`${folder}/kubelet`);
    expect(at.link("/opt/cni/bin/vlan")).toBe("/opt/slipway/cni-plugins/v1.9.1/vlan");
    expect(at.link("/opt/cni/bin/dhcp")).toBeUndefined();
    expect(at.host.files.paths().filter((path) => /archive|images\/.*tar/.test(path))).toEqual([]);
    const unit = at.host.files.text("/etc/systemd/system/kubelet.service");
    expect(unit).toContain("ExecStart=/usr/local/bin/kubelet\n");
    expect(unit).toMatch(/^After=.*\bcontainerd\.service\b/m);
    const from = at.host.reads.length;
    expect(await at.check()).toMatchObject({ state: "satisfied" });
    const digests = at.host.reads.slice(from).flatMap((read) => (read.kind === "digest" ? [read.path] : []));
    expect(digests.filter((path) => !path.startsWith("/etc/"))).toEqual([]);
    expect(await at.apply()).toEqual([]);
  });

  test("a program that changed is named and sent again, one that was only touched is left alone", async () => {
    const at = node(textSource());
    await at.apply();
    at.host.files.write(`${folder}/kubectl`, { content: "kubernetes/v1.36.2/linux/amd64/kubectx", mode: 0o755 });
    at.host.files.write(`${folder}/kubeadm`, { content: "kubernetes/v1.36.2/linux/amd64/kubeadm", mode: 0o755 });
    const found = await at.check();
    expect(found).toMatchObject({ changes: [{ verb: "update", because: "kubectl: it changed since it was placed" }] });
    expect((await at.apply()).filter((one) => one.startsWith("upload"))).toEqual([`upload ${folder}/kubectl`]);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("another build under the same name replaces the old one", async () => {
    const at = node(textSource());
    await at.apply();
    const rebuilt = {
      "kubernetes/v1.36.2/linux/amd64/kubelet": "patched",
      "registry.k8s.io/kube-proxy:v1.36.2": "patched",
    };
    at.declare(textSource({ ...rebuilt, "cni-plugins/v1.9.1/linux/amd64": [...plugins, "dhcp"].join(" ") }));
    expect(named(await at.check())).toEqual([
      "release kubernetes 1.36.2",
      "release cni-plugins v1.9.1",
      "image registry.k8s.io/kube-proxy:v1.36.2",
    ]);
    await at.apply();
    expect(at.host.files.text(`${folder}/kubelet`)).toBe("patched");
    expect(at.link("/opt/cni/bin/dhcp")).toBe("/opt/slipway/cni-plugins/v1.9.1/dhcp");
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("another version is placed beside the old one, and going back is a matter of links", async () => {
    const at = node(textSource());
    await at.apply();
    const kubernetes = { ...sampleSpec().kubernetes, version: "1.36.3" };
    at.declare(textSource(), { kubernetes });
    await at.apply();
    expect(at.link("/usr/local/bin/kubelet")).toBe("/opt/slipway/kubernetes/v1.36.3/kubelet");
    expect(at.host.files.get(`${folder}/kubelet`)).toBeDefined();
    at.declare(textSource(), {});
    const sent = await at.apply();
    expect(sent.filter((one) => one.startsWith("upload"))).toEqual([]);
    expect(sent).toContain(`touch -- ${folder}/.slipway`);
    expect(at.link("/usr/local/bin/kubelet")).toBe(`${folder}/kubelet`);
  });

  test("a link of somebody else is named and switched, a note that somebody edited makes it all be looked at again", async () => {
    const at = node(textSource());
    await at.apply();
    at.host.files.write("/usr/local/bin/kubeadm", "link to /home/me/kubeadm");
    expect(await at.check()).toMatchObject({
      changes: [{ what: "link /usr/local/bin/kubeadm", from: "/home/me/kubeadm", to: `${folder}/kubeadm` }],
    });
    await at.apply();
    at.host.files.write(`${folder}/.slipway`, "whatever");
    expect(named(await at.check())).toEqual(["release kubernetes 1.36.2"]);
    await at.apply();
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("a removed link and a removed program are made again, and the links that are right stay", async () => {
    const at = node(textSource());
    await at.apply();
    at.host.files.remove("/usr/local/bin/kubeadm", false);
    at.host.files.remove(`${folder}/kubectl`, false);
    const switched = (await at.apply()).filter((one) => one.startsWith("ln "));
    expect(switched).toEqual(["ln -sfT -- /opt/slipway/kubernetes/v1.36.2/kubeadm /usr/local/bin/kubeadm"]);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("an interruption between two images loses neither", async () => {
    const at = node(textSource());
    at.host.fault({
      how: "disconnect",
      on: (one) =>
        one.kind === "change" && one.change.kind === "run" && one.change.argv.at(-1)?.includes("/images/") === true,
    });
    await expect(at.apply()).rejects.toThrow("ssh/connection-lost");
    const there = at.host.files.paths().filter((path) => path.endsWith(".tar"));
    expect(there.length).toBeGreaterThan(0);
    // And one of a bundle that was declared before, which nobody will ask for again.
    at.host.files.write("/var/cache/slipway/images/of-another-bundle.tar", "");
    await at.apply();
    expect(await at.check()).toMatchObject({ state: "satisfied" });
    expect(at.host.files.paths().filter((path) => path.endsWith(".tar"))).toEqual([]);
  });

  test("an image the kubelet may remove is named, and kept without being sent again", async () => {
    const at = node(textSource());
    await at.apply();
    const ref = "registry.k8s.io/kube-proxy:v1.36.2";
    at.images().set(ref, at.images().get(ref)?.replace(/,.*/, "") ?? "");
    expect(named(await at.check())).toEqual([`image ${ref}`]);
    expect(await at.apply()).toEqual([`ctr --namespace k8s.io images label ${ref} io.cri-containerd.pinned=pinned`]);
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("an archive whose image is another one than the index says is not accepted", async () => {
    const at = node({
      ...textSource(),
      image: (ref, architecture) => ({ ...imageOf(ref, architecture), digest: "sha256:0" }),
    });
    const { code, because } = await problemOf(at.apply());
    expect(code).toBe("artifact/not-imported");
    expect(because).toContain("wanted sha256:0");
  });

  const imageOf: (...of: Parameters<ArtifactSource["image"]>) => NonNullable<ReturnType<ArtifactSource["image"]>> = (
    ...of
  ) => {
    const found = textSource().image(...of);
    if (found === undefined) throw new Error("no image");
    return found;
  };
});

describe("placing what the internet has", () => {
  const base = "https://dl.k8s.io/v1.36.2/bin/linux/amd64";
  const cni =
    "https://github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-amd64-v1.9.1.tgz";
  const served = (): Record<string, string> => ({
    ...Object.fromEntries(
      ["kubeadm", "kubelet", "kubectl"].flatMap((name) => [
        [`${base}/${name}`, name],
        [`${base}/${name}.sha256`, sha256(name)],
      ]),
    ),
    [cni]: plugins.join(" "),
    [`${cni}.sha256`]: `${sha256(plugins.join(" "))}  cni-plugins-linux-amd64-v1.9.1.tgz\n`,
  });

  test("hosts download programs, check them against what is published, and pull images themselves", async () => {
    const at = node(publicSource(sampleSpec()), served());
    expect(named(await at.check())).not.toContainEqual(expect.stringContaining("image "));
    await at.apply();
    expect(at.host.files.text(`${folder}/kubelet`)).toBe("kubelet");
    expect(await at.check()).toMatchObject({ state: "satisfied" });
  });

  test("a file that is not the published one is never put in place", async () => {
    const at = node(publicSource(sampleSpec()), { ...served(), [`${base}/kubeadm`]: "something else" });
    expect(await problemOf(at.apply())).toMatchObject({ code: "artifact/digest-differs" });
    expect(at.host.files.paths().filter((path) => path.startsWith(`${folder}/kubeadm`))).toEqual([]);
    const html = node(publicSource(sampleSpec()), { ...served(), [`${base}/kubeadm.sha256`]: "<html>" });
    expect((await problemOf(html.apply())).because).toContain("<html>");
  });
});

test("load balancers and etcd hosts get no step", () => {
  const on = artifactSteps(sampleSpec(), textSource()).map((step) => step.on);
  expect(on).toEqual(["cp-1", "cp-2", "cp-3", "w-1", "w-2"]);
});
