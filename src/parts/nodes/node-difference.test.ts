import { describe, expect, test } from "vitest";
import { sampleHost } from "../../../test/support/sample-spec.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { nodeDeclaration } from "./node-declaration.ts";
import { nodeDifference } from "./node-difference.ts";

const worker = {
  ...sampleHost("w-1", "10.0.0.31", ["worker"]),
  pool: "batch",
  zone: "a",
  labels: { disk: "ssd" },
  taints: [{ key: "batch", value: "yes", effect: "NoSchedule" as const }],
};
const wanted = nodeDeclaration(worker);
const remembered = "batch:NoSchedule";
const taint = { key: "batch", value: "yes", effect: "NoSchedule" };

/** A node as the API has it: `owned` are the labels Slipway applied. */
function node(over: {
  readonly labels?: Record<string, string>;
  readonly owned?: readonly string[];
  readonly taints?: readonly object[];
  readonly remembered?: string;
}): KubeObject {
  const fields = Object.fromEntries((over.owned ?? []).map((key) => [`f:${key}`, {}]));
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: "w-1",
      uid: "u-1",
      labels: over.labels ?? {},
      ...(over.remembered === undefined ? {} : { annotations: { "slipway.dev/taints": over.remembered } }),
      managedFields: [
        { manager: "slipway", operation: "Update", fieldsV1: { "f:metadata": { "f:labels": { "f:zz": {} } } } },
        { manager: "slipway", operation: "Apply", fieldsV1: { "f:metadata": { "f:labels": { ".": {}, ...fields } } } },
      ],
    },
    spec: over.taints === undefined ? {} : { taints: over.taints },
  };
}

/** What the requests would make of the taints, by their JSON patch. */
function taintsSent(difference: ReturnType<typeof nodeDifference>): unknown {
  const patch = difference?.requests.find((one) => one.contentType === "application/json-patch+json");
  return patch === undefined ? undefined : (JSON.parse(String(patch.body)) as { value: unknown }[])[1]?.value;
}

describe("nodeDeclaration", () => {
  test("gives a worker its role, pool, zone and what the file says", () => {
    expect(wanted).toEqual({
      labels: {
        "node-role.kubernetes.io/worker": "",
        "slipway.dev/pool": "batch",
        "topology.kubernetes.io/zone": "a",
        disk: "ssd",
      },
      taints: [taint],
    });
  });

  test("keeps pods off a control plane that is no worker", () => {
    const { labels, taints } = nodeDeclaration(sampleHost("cp-1", "10.0.0.11", ["control-plane"]));
    expect(taints).toEqual([{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }]);
    expect(Object.keys(labels)).toEqual([
      "node-role.kubernetes.io/control-plane",
      "node.kubernetes.io/exclude-from-external-load-balancers",
    ]);
    expect(nodeDeclaration(sampleHost("one", "10.0.0.11", ["control-plane", "worker"])).taints).toEqual([]);
  });
});

describe("nodeDifference", () => {
  test("is none for a node that is as declared, whatever else it carries", () => {
    const other = { key: "node.kubernetes.io/unreachable", effect: "NoExecute", timeAdded: "2026-01-01T00:00:00Z" };
    const there = node({
      labels: { ...wanted.labels, "kubernetes.io/arch": "amd64" },
      owned: Object.keys(wanted.labels),
      taints: [other, taint],
      remembered,
    });
    expect(nodeDifference(there, wanted)).toBeUndefined();
  });

  test("names missing labels and taints, and sends them for this very node", () => {
    const difference = nodeDifference(node({ labels: { disk: "hdd" } }), wanted);
    expect(difference?.changes).toEqual([
      {
        verb: "update",
        what: "labels of node w-1",
        diff: expect.stringMatching(/-disk=hdd\n(.*\n)*\+disk=ssd\n/),
      },
      { verb: "update", what: "taints of node w-1", diff: expect.stringContaining("+batch=yes:NoSchedule") },
    ]);
    const apply = difference?.requests.find((one) => one.contentType === "application/apply-patch+yaml");
    expect(JSON.parse(String(apply?.body))).toMatchObject({
      metadata: { name: "w-1", uid: "u-1", labels: wanted.labels, annotations: { "slipway.dev/taints": remembered } },
    });
    expect(taintsSent(difference)).toEqual([taint]);
  });

  test("removes a label Slipway applied that left the file, and no other", () => {
    const labels = { ...wanted.labels, old: "yes", theirs: "1", zz: "1" };
    const difference = nodeDifference(
      node({ labels, owned: [...Object.keys(wanted.labels), "old"], taints: [taint], remembered }),
      wanted,
    );
    expect(difference?.changes).toEqual([
      { verb: "update", what: "labels of node w-1", diff: expect.stringContaining("-old=yes") },
    ]);
    expect(difference?.changes[0]?.diff).not.toContain("theirs");
    expect(difference?.requests).toHaveLength(1);
  });

  test("removes a taint Slipway set that left the file, and keeps those of others in their places", () => {
    const theirs = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule", timeAdded: "2026-01-01T00:00:00Z" };
    const difference = nodeDifference(
      node({
        labels: { ...wanted.labels },
        owned: Object.keys(wanted.labels),
        taints: [{ key: "gone", effect: "NoExecute" }, theirs, { key: "hand-made", effect: "NoSchedule" }],
        remembered: "batch:NoSchedule,gone:NoExecute",
      }),
      wanted,
    );
    expect(taintsSent(difference)).toEqual([theirs, { key: "hand-made", effect: "NoSchedule" }, taint]);
    expect(difference?.changes.map((one) => one.what)).toEqual(["taints of node w-1"]);
  });

  test("mends a value and nothing else about a taint that is there", () => {
    const difference = nodeDifference(
      node({
        labels: { ...wanted.labels },
        owned: Object.keys(wanted.labels),
        taints: [{ ...taint, value: "no" }],
        remembered,
      }),
      wanted,
    );
    expect(taintsSent(difference)).toEqual([taint]);
    expect(difference?.requests).toHaveLength(1);
  });

  test("is refused by the API when the list of taints is another one by then", () => {
    const difference = nodeDifference(node({}), wanted);
    const patch = difference?.requests[0];
    expect(JSON.parse(String(patch?.body))[0]).toEqual({ op: "test", path: "/spec/taints", value: null });
  });

  test("remembers taints that kubeadm has set already", () => {
    const difference = nodeDifference(
      node({ labels: { ...wanted.labels }, owned: Object.keys(wanted.labels), taints: [taint] }),
      wanted,
    );
    expect(difference?.changes).toEqual([{ verb: "update", what: "node w-1", because: expect.any(String) }]);
  });
});
