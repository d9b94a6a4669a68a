import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sampleSpec } from "../../test/support/sample-spec.ts";
import { ProblemError } from "../problems/problem.ts";
import { resolvePlugin } from "../spec/network-plugin.ts";
import { openBundle } from "./bundle.ts";
import { bundleSource } from "./bundle-source.ts";
import { writeBundle } from "./bundle-writer.ts";
import { type DownloadOptions, gather, type Wanted } from "./gather.ts";
import { readImageArchive } from "./image-archive-reader.ts";
import { sha256Of } from "./image-content.ts";
import { incomplete } from "./incomplete.ts";
import { publicSource } from "./public-source.ts";
import { verifyBundle } from "./verify-bundle.ts";
import { wantedFor } from "./wanted.ts";

let dir: string;
let given: string;
let work: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "slipway-bundle-"));
  given = join(dir, "given");
  work = join(dir, "work");
  mkdirSync(work);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function put(path: string, content: string | Buffer, mode = 0o644): void {
  const at = join(given, path);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, content);
  chmodSync(at, mode);
}

const about = { madeBy: "a test", madeAt: "2026-01-01T00:00:00.000Z", kubernetes: "1.36.2" };
const pause = "registry.k8s.io/pause:3.10.2";

/** A program, a folder that becomes a tarball, and an image of a file. */
function putSome(): void {
  put("files/kubernetes/v1.36.2/linux/amd64/kubelet", "the kubelet", 0o755);
  put("files/cni-plugins/v1.9.1/linux/amd64/bridge", "the bridge", 0o755);
  put("programs/pause", "the pause", 0o755);
  put(
    "images/pause/image.json",
    JSON.stringify({ ref: pause, files: { "/bin/pause": "../../programs/pause" }, entrypoint: ["/bin/pause"] }),
  );
}

async function make(path = join(dir, "a.tar")): Promise<string> {
  await writeBundle(path, about, await gather(given, { workFolder: work }));
  return path;
}

async function bytesOf(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

async function problemOf(promise: Promise<unknown>) {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ProblemError) return error.problem;
  throw new Error(`no problem but ${String(error)}`);
}

describe("a bundle", () => {
  test("made of a folder is whole, and its blobs lie where the index says", async () => {
    putSome();
    const bundle = openBundle(await make());
    expect(await verifyBundle(bundle)).toEqual([]);
    expect(bundle.index.artifacts.map((one) => `${one.kind} ${one.name}`)).toEqual([
      "file cni-plugins/v1.9.1/linux/amd64",
      "file kubernetes/v1.36.2/linux/amd64/kubelet",
      `image ${pause}`,
    ]);
    const source = bundleSource(bundle);
    const kubelet = source.file("kubernetes/v1.36.2/linux/amd64/kubelet");
    if (kubelet.kind !== "upload") throw new Error("it is not uploaded");
    const { offsetBytes, sizeBytes } = kubelet.part;
    expect(
      readFileSync(bundle.path)
        .subarray(offsetBytes, offsetBytes + sizeBytes)
        .toString(),
    ).toBe("the kubelet");
    expect(source.image(pause, "amd64")?.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(() => source.image(pause, "arm64")).toThrow("artifact/missing");
    expect(() => source.file("kubernetes/v1.36.1/linux/amd64/kubelet")).toThrow("artifact/missing");
    expect(source.packages("debian-12", "amd64")).toBeUndefined();
  });

  test("is an ordinary tar, and made of the same files is the same", async () => {
    putSome();
    const first = await make();
    const second = await make(join(dir, "b.tar"));
    expect(readFileSync(second).equals(readFileSync(first))).toBe(true);
    const listed = execFileSync("tar", ["-tf", first], { encoding: "utf8" }).trim().split("\n");
    expect(listed[0]).toBe("bundle.json");
    expect(listed).toHaveLength(4);
  });

  test("one changed byte, a cut and a member too many are each named", async () => {
    putSome();
    const path = await make();
    const whole = readFileSync(path);
    const at = whole.indexOf("the kubelet");
    writeFileSync(path, Buffer.concat([whole.subarray(0, at), Buffer.from("THE"), whole.subarray(at + 3)]));
    const [changed, ...rest] = await verifyBundle(openBundle(path));
    expect(rest).toEqual([]);
    expect(changed).toMatchObject({ code: "artifact/bundle-damaged" });
    expect(changed?.message).toContain("kubernetes/v1.36.2/linux/amd64/kubelet");
    writeFileSync(path, whole.subarray(0, at + 5));
    expect(() => openBundle(path)).toThrow("artifact/bundle-damaged");
    writeFileSync(path, whole);
    writeFileSync(join(dir, "extra"), "x");
    execFileSync("tar", ["--append", "-f", path, "-C", dir, "extra"]);
    expect((await verifyBundle(openBundle(path))).map((one) => one.because)).toEqual(["the index does not name it"]);
  });

  test.each([
    ["nothing", ""],
    ["text", "x".repeat(2000)],
  ])("%s is not taken for one", (_, content) => {
    const path = join(dir, "a.tar");
    writeFileSync(path, content);
    expect(() => openBundle(path)).toThrow("artifact/bundle-damaged");
    expect(() => openBundle(join(dir, "none.tar"))).toThrow("artifact/bundle-unreadable");
  });

  test("has only what is wanted, and what is missing is named one by one", async () => {
    putSome();
    const wanted: Wanted = {
      files: new Set(["kubernetes/v1.36.2/linux/amd64/kubelet", "kubernetes/v1.36.2/linux/amd64/kubeadm"]),
      images: new Set([`arm64 ${pause}`]),
      packages: new Map([["debian-12 amd64", new Set(["jq"])]]),
    };
    const contents = await gather(given, { workFolder: work, wanted });
    expect(contents.artifacts.map((one) => one.name)).toEqual(["kubernetes/v1.36.2/linux/amd64/kubelet"]);
    expect(incomplete(wanted, contents.artifacts, "the folder").map((one) => one.message)).toEqual([
      "the file kubernetes/v1.36.2/linux/amd64/kubeadm is not in the folder",
      `the image ${pause} for arm64 is not in the folder`,
      "the package jq of debian-12 for amd64 is not in the folder",
    ]);
  });
});

describe("an image made of files", () => {
  test("has each file whole, links as links, and the folders on the way", async () => {
    put("images/a/rootfs/usr/bin/one", "program", 0o755);
    linkSync(join(given, "images/a/rootfs/usr/bin/one"), join(given, "images/a/rootfs/usr/bin/two"));
    symlinkSync("usr/bin", join(given, "images/a/rootfs/bin"));
    put(
      "images/a/image.json",
      JSON.stringify({ ref: "example.org/a:1", files: { "/opt/x/three": "rootfs/usr/bin/one" }, user: "65535" }),
    );
    const bundle = openBundle(await make());
    const image = bundleSource(bundle).image("example.org/a:1", "amd64");
    const { offsetBytes, sizeBytes } = image?.archive.part ?? { offsetBytes: 0, sizeBytes: 0 };
    const archive = join(dir, "image.tar");
    writeFileSync(archive, readFileSync(bundle.path).subarray(offsetBytes, offsetBytes + sizeBytes));
    const [read, ...others] = await readImageArchive(archive);
    expect(others).toEqual([]);
    expect(read?.ref).toBe("example.org/a:1");
    const [config, layer] = await Promise.all((read?.blobs ?? []).map((blob) => bytesOf(blob.read())));
    expect(JSON.parse(config?.toString() ?? "")).toMatchObject({ architecture: "amd64", config: { User: "65535" } });
    const tar = join(dir, "layer.tar");
    writeFileSync(tar, gunzipSync(layer ?? Buffer.alloc(0)));
    const listed = execFileSync("tar", ["-tvf", tar], { encoding: "utf8" }).trim().split("\n");
    expect(listed.map((line) => line.replace(/^(\S+) +(\S+) +(\d+) \S+ \S+ /, "$1 $2 $3 "))).toEqual([
      "drwxr-xr-x root/root 0 opt/",
      "drwxr-xr-x root/root 0 opt/x/",
      "lrwxrwxrwx root/root 0 bin -> usr/bin",
      "drwxr-xr-x root/root 0 usr/",
      "drwxr-xr-x root/root 0 usr/bin/",
      "-rwxr-xr-x root/root 7 usr/bin/one",
      "-rwxr-xr-x root/root 7 usr/bin/two",
      "-rwxr-xr-x root/root 7 opt/x/three",
    ]);
  });

  test.each([
    ["{", "JSON"],
    ['{"files": {}}', "ref"],
    ['{"ref": "a:1", "files": {"/x": "nowhere"}}', "nowhere"],
    ['{"ref": "a:1", "entrypoint": "x"}', "entrypoint"],
  ])("a description like %s is refused by name", async (text, because) => {
    put("images/a/image.json", text);
    const problem = await problemOf(gather(given, { workFolder: work }));
    expect(problem).toMatchObject({ code: "artifact/archive-unreadable" });
    expect(problem.because).toContain(because);
  });
});

describe("an archive that docker saved", () => {
  function save(tags: readonly string[], architecture = "amd64"): void {
    const at = join(dir, "saved");
    mkdirSync(join(at, "layer1"), { recursive: true });
    mkdirSync(join(at, "layer2"), { recursive: true });
    writeFileSync(join(at, "layer1", "layer.tar"), "the only layer");
    symlinkSync("../layer1/layer.tar", join(at, "layer2", "layer.tar"));
    writeFileSync(join(at, "config.json"), JSON.stringify({ architecture, os: "linux" }));
    const entry = { Config: "config.json", RepoTags: tags, Layers: ["layer1/layer.tar", "layer2/layer.tar"] };
    writeFileSync(join(at, "manifest.json"), JSON.stringify([entry]));
    mkdirSync(join(given, "images"), { recursive: true });
    execFileSync("tar", ["-cf", join(given, "images", "saved.tar"), "-C", at, "."]);
  }

  test("comes out under its complete names, with layers by digest", async () => {
    save(["nginx:1.29", "registry.k8s.io/pause:3.10.2"]);
    const bundle = openBundle(await make());
    expect(bundle.index.artifacts.map((one) => one.name)).toEqual(["docker.io/library/nginx:1.29", pause]);
    expect(await verifyBundle(bundle)).toEqual([]);
  });

  test("without a name, cut off or compressed it is refused with what is wrong", async () => {
    save([]);
    expect((await problemOf(make())).because).toContain("no image in it has a name");
    const path = join(given, "images", "saved.tar");
    writeFileSync(path, readFileSync(path).subarray(0, 700));
    expect(await problemOf(make())).toMatchObject({ code: "artifact/archive-unreadable" });
    execFileSync("gzip", [path]);
    execFileSync("mv", [`${path}.gz`, path]);
    expect(await problemOf(make())).toMatchObject({ code: "artifact/archive-unreadable" });
  });
});

describe("an archive of the OCI layout", () => {
  async function archive(damage: (bytes: Buffer) => void): Promise<void> {
    putSome();
    const bundle = openBundle(await make());
    const image = bundleSource(bundle).image(pause, "amd64");
    const { offsetBytes, sizeBytes } = image?.archive.part ?? { offsetBytes: 0, sizeBytes: 0 };
    const bytes = Buffer.from(readFileSync(bundle.path).subarray(offsetBytes, offsetBytes + sizeBytes));
    damage(bytes);
    rmSync(given, { recursive: true });
    put("images/saved.tar", bytes);
  }

  test("comes out as it went in", async () => {
    await archive(() => undefined);
    expect(openBundle(await make(join(dir, "b.tar"))).index.artifacts).toMatchObject([{ kind: "image", name: pause }]);
  });

  test("with a damaged layer is refused where the bundle is made, not on the hosts", async () => {
    // A gzip of a moment that is not 0.
    await archive((bytes) =>
      bytes.fill(1, bytes.lastIndexOf(Buffer.from([0x1f, 0x8b])) + 4, bytes.lastIndexOf(Buffer.from([0x1f, 0x8b])) + 8),
    );
    const problem = await problemOf(make(join(dir, "b.tar")));
    expect(problem).toMatchObject({ code: "artifact/digest-differs" });
    expect(problem.message).toContain(pause);
  });

  test("with a damaged manifest is refused", async () => {
    await archive((bytes) =>
      bytes.write("9", bytes.indexOf('"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest') + 16),
    );
    expect((await problemOf(make(join(dir, "b.tar")))).because).toContain("another digest");
  });
});

describe("what hosts need", () => {
  const spec = sampleSpec({ kubernetes: { ...sampleSpec().kubernetes, version: "1.36.2" } });
  const machine = (name: string) => {
    const host = spec.hosts.find((one) => one.name === name);
    if (host === undefined) throw new Error(name);
    return { host, distribution: "debian-12", architecture: "amd64" } as const;
  };

  test("load balancers need packages only, workers no control plane", () => {
    const balancer = wantedFor(spec, [machine("lb-1")], () => ["jq"]);
    expect([...balancer.files, ...balancer.images]).toEqual([]);
    expect([...balancer.packages]).toEqual([["debian-12 amd64", new Set(["jq"])]]);
    const worker = wantedFor(spec, [machine("w-1")], () => ["jq"]);
    expect([...worker.files]).toContain("kubernetes/v1.36.2/linux/amd64/kubelet");
    expect([...worker.images].filter((one) => /apiserver|scheduler|etcd/.test(one))).toEqual([]);
    expect([...worker.images]).toContain("amd64 registry.k8s.io/coredns/coredns:v1.14.2");
    expect([...wantedFor(spec, [machine("cp-1")], () => ["jq"]).images]).toContain(
      "amd64 registry.k8s.io/kube-apiserver:v1.36.2",
    );
  });

  test("etcd's image is needed where etcd is stacked, containerd where it is a release", () => {
    const stacked = { ...spec, etcd: { ...spec.etcd, topology: "stacked" as const } };
    expect([...wantedFor(stacked, [machine("cp-1")], () => ["jq"]).images]).toContain(
      "amd64 registry.k8s.io/etcd:3.6.8-0",
    );
    const released = { ...spec, runtime: { ...spec.runtime, source: { from: "release", version: "2.1.9" } as const } };
    expect([...wantedFor(released, [machine("w-1")], () => ["jq"]).files]).toContain("containerd/2.1.9/linux/amd64");
  });

  test("with packages of a repository no program is placed, with Cilium in its place no kube-proxy", () => {
    const packaged = { ...spec, kubernetes: { ...spec.kubernetes, install: "packages" as const } };
    expect([...wantedFor(packaged, [machine("w-1")], () => ["jq"]).files]).toEqual([]);
    const cilium = resolvePlugin({ kind: "cilium" });
    const without = { ...spec, network: { ...spec.network, plugin: cilium } };
    expect([...wantedFor(without, [machine("w-1")], () => ["jq"]).images].join(" ")).not.toContain("kube-proxy");
  });

  test("a Kubernetes whose images are not known is refused", () => {
    const unknown = { ...spec, kubernetes: { ...spec.kubernetes, version: "1.99.0" } };
    expect(() => wantedFor(unknown, [machine("w-1")], () => ["jq"])).toThrow("artifact/unknown-kubernetes");
  });
});

describe("a bundle that is downloaded", () => {
  const served: Readonly<Record<string, string>> = {
    "https://dl.k8s.io/v1.36.2/bin/linux/amd64/kubeadm": "kubeadm",
    "https://dl.k8s.io/v1.36.2/bin/linux/amd64/kubeadm.sha256": sha256Of("kubeadm"),
  };
  const download: DownloadOptions = {
    source: publicSource(sampleSpec()),
    fetch: (url) =>
      Promise.resolve(served[url] === undefined ? new Response("", { status: 404 }) : new Response(served[url])),
  };
  const kubelet = "kubernetes/v1.36.2/linux/amd64/kubelet";
  const kubeadm = "kubernetes/v1.36.2/linux/amd64/kubeadm";

  test("takes what is given, downloads the rest, and stops at what nobody has", async () => {
    putSome();
    const wanted = { files: new Set([kubelet, kubeadm]), images: new Set<string>(), packages: new Map() };
    const contents = await gather(given, { workFolder: work, wanted, download });
    expect(contents.artifacts.map((one) => one.name)).toEqual([kubelet, kubeadm]);
    const more = { ...wanted, images: new Set(["amd64 registry.k8s.io/etcd:3.6.8-0"]) };
    const problem = await problemOf(gather(undefined, { workFolder: work, wanted: more, download }));
    expect(problem).toMatchObject({ code: "artifact/not-downloaded", because: "the server answers 404" });
  });
});
