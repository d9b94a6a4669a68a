import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { sampleSpec } from "../../test/support/sample-spec.ts";
import type { NetworkPluginSpec } from "../spec/cluster-spec.ts";
import { resolvePlugin } from "../spec/network-plugin.ts";
import { openBundle } from "./bundle.ts";
import { bundleSource } from "./bundle-source.ts";
import { writeBundle } from "./bundle-writer.ts";
import { publishedChart } from "./chart-repository.ts";
import { chartValues } from "./chart-values.ts";
import type { Fetch } from "./download.ts";
import { gather } from "./gather.ts";
import { networkPluginValues } from "./network-plugin-chart.ts";
import { tarEnd, tarHeader } from "./tar-header.ts";
import { wantedFor } from "./wanted.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "slipway-charts-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A chart as `helm package` makes it. */
function chart(name: string, values: unknown): Buffer {
  const member = (path: string, text: string) => [
    tarHeader({ name: path, type: "file", sizeBytes: text.length, mode: 0o644 }),
    Buffer.from(text),
    Buffer.alloc((512 - (text.length % 512)) % 512),
  ];
  const text = stringify(values);
  return gzipSync(
    Buffer.concat([
      ...member(`${name}/Chart.yaml`, `name: ${name}\n`),
      ...member(`${name}/charts/other/values.yaml`, "image: { repository: not, tag: this }\n"),
      ...member(`${name}/values.yaml`, text),
      tarEnd,
    ]),
  );
}

/** What the chart of Cilium 1.20.0 has (https://github.com/cilium/charts/blob/master/cilium-1.20.0.tgz, 2026-11-21). */
const ciliumChart = {
  image: { repository: "quay.io/cilium/cilium", tag: "v1.20.0" },
  certgen: { image: { repository: "quay.io/cilium/certgen", tag: "v0.4.8" } },
  envoy: { image: { repository: "quay.io/cilium/cilium-envoy", tag: "v1.37.5-1782911245" } },
  hubble: { relay: { image: { repository: "quay.io/cilium/hubble-relay", tag: "v1.20.0" } } },
  operator: { image: { repository: "quay.io/cilium/operator", tag: "v1.20.0" } },
};
const cilium = resolvePlugin({ kind: "cilium", version: "1.20.0" });
const calico = resolvePlugin({ kind: "calico", version: "3.32.1" });

function specWith(plugin: NetworkPluginSpec) {
  const own = sampleSpec();
  return { ...own, network: { ...own.network, plugin } };
}

async function bundleOf(plugin: NetworkPluginSpec, name: string, bytes: Buffer) {
  const spec = specWith(plugin);
  const path = join(dir, "given/files/charts", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  const [host] = spec.hosts.filter((one) => one.name === "cp-1");
  if (host === undefined) throw new Error("there is no cp-1");
  const machines = [{ host, distribution: "debian-12", architecture: "amd64" }] as const;
  const wanted = wantedFor(spec, machines, () => []);
  let complete = wanted;
  const contents = await gather(join(dir, "given"), {
    workFolder: dir,
    wanted,
    wantedWith: async (bytesOf) => {
      const logical = [...wanted.files].find((file) => file.startsWith("charts/")) ?? "";
      const found = await bytesOf(logical);
      complete = wantedFor(
        spec,
        machines,
        () => [],
        networkPluginValues(spec, () => found),
      );
      return complete;
    },
  });
  const file = join(dir, "a.tar");
  await writeBundle(file, { madeBy: "a test", madeAt: "2026-01-01T00:00:00.000Z", kubernetes: "1.36.2" }, contents);
  return { spec, wanted, complete, bundle: openBundle(file) };
}

const ofProject = (images: ReadonlySet<string>, project: string) =>
  [...images].filter((one) => one.includes(project)).map((one) => one.replace("amd64 ", ""));

describe("a chart in the folder of a bundle", () => {
  test("names the images that have a version of their own", async () => {
    const { complete, wanted } = await bundleOf(cilium, "cilium/1.20.0.tgz", chart("cilium", ciliumChart));
    expect(ofProject(wanted.images, "quay.io/cilium")).toHaveLength(3);
    expect(ofProject(complete.images, "quay.io/cilium")).toEqual([
      "quay.io/cilium/cilium:v1.20.0",
      "quay.io/cilium/operator-generic:v1.20.0",
      "quay.io/cilium/cilium-envoy:v1.37.5-1782911245",
      "quay.io/cilium/hubble-relay:v1.20.0",
      "quay.io/cilium/certgen:v0.4.8",
    ]);
  });

  test("that is laid out otherwise than is known leaves no image out without a word", async () => {
    const { envoy: _elsewhere, ...without } = ciliumChart;
    await expect(bundleOf(cilium, "cilium/1.20.0.tgz", chart("cilium", without))).rejects.toMatchObject({
      problem: { code: "artifact/archive-unreadable", because: expect.stringContaining("envoy.image.repository") },
    });
    const values = { tigeraOperator: { image: "tigera/operator", version: "v1.42.3" } };
    await expect(bundleOf(calico, "tigera-operator/v3.32.1", chart("tigera-operator", values))).rejects.toMatchObject({
      problem: { because: expect.stringContaining("tigeraOperator.registry") },
    });
  });

  test("names Calico's operator", async () => {
    const values = { tigeraOperator: { image: "tigera/operator", version: "v1.42.3", registry: "quay.io" } };
    const { complete } = await bundleOf(calico, "tigera-operator/v3.32.1", chart("tigera-operator", values));
    expect(ofProject(complete.images, "quay.io/")).toEqual([
      "quay.io/tigera/operator:v1.42.3",
      "quay.io/calico/node:v3.32.1",
      "quay.io/calico/cni:v3.32.1",
      "quay.io/calico/typha:v3.32.1",
      "quay.io/calico/kube-controllers:v3.32.1",
      "quay.io/calico/apiserver:v3.32.1",
    ]);
  });

  test("comes out of the bundle checked", async () => {
    const bytes = chart("cilium", ciliumChart);
    const { bundle } = await bundleOf(cilium, "cilium/1.20.0.tgz", bytes);
    expect(bundleSource(bundle).chart("charts/cilium/1.20.0")).toEqual(bytes);
    expect(bundleSource(bundle).chart("charts/cilium/1.20.1")).toBeUndefined();
    const { offsetBytes } = bundle.partOf(bundle.index.artifacts[0]?.sha256 ?? "");
    const file = openSync(bundle.path, "r+");
    writeSync(file, "x", offsetBytes + 20);
    closeSync(file);
    expect(() => bundleSource(openBundle(bundle.path)).chart("charts/cilium/1.20.0")).toThrow(
      "artifact/bundle-damaged",
    );
  });

  test.each([
    ["no gzip", Buffer.from("PK")],
    ["without values", gzipSync(tarEnd)],
    ["cut off", chart("cilium", ciliumChart).subarray(0, 60)],
  ])("%s is refused", (_, bytes) => {
    expect(() => chartValues(bytes, "the chart cilium")).toThrow("artifact/archive-unreadable");
  });
});

describe("the repository of a project's charts", () => {
  const digest = "c5f013912360d1a334f44ef25f36da59ba3414cdb48f466ee12d0c4fdff27883";
  const served: Fetch = (url) =>
    Promise.resolve(
      url === "https://helm.cilium.io/index.yaml"
        ? new Response(
            stringify({
              entries: { cilium: [{ version: "1.20.1" }, { version: "1.20.0", digest, urls: ["cilium-1.20.0.tgz"] }] },
            }),
          )
        : new Response("", { status: 404 }),
    );

  test("says where a chart is, and its digest", async () => {
    expect(await publishedChart(served, "charts/cilium/1.20.0")).toEqual({
      kind: "download",
      url: "https://helm.cilium.io/cilium-1.20.0.tgz",
      digest: { sha256: digest },
    });
  });

  test("has nothing of a chart without a digest, or of a project that is not known", async () => {
    await expect(publishedChart(served, "charts/cilium/1.20.1")).rejects.toThrow("artifact/not-downloaded");
    await expect(publishedChart(served, "charts/other/1")).rejects.toThrow("artifact/not-downloaded");
  });
});
