import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startCampaign } from "../../bench/kill/campaign.ts";
import { clusterFile } from "../../bench/kill/cluster.ts";
import { needsLab, testLab } from "../support/lab.ts";

/** All four phases, a bootstrap of several members, and few machines. */
const machines = {
  "lb-1": ["load-balancer", "etcd"],
  "cp-1": ["control-plane", "etcd"],
  "etcd-3": ["etcd"],
};

/** Fall into 0.36 and 0.83 of an apply: packages are being installed, and etcd comes to life. */
const seeds = [13, 25];

describe("an apply that was killed", () => {
  needsLab(Object.keys(machines).length);

  test("is finished by the next one, as if nobody had killed it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "slipway-interrupted-"));
    await using lab = await testLab({ name: "killed", machines: Object.keys(machines) });
    const virtualIp = lab.freeAddress(10);
    const campaign = await startCampaign(lab, {
      clusterFile: clusterFile(lab, machines, virtualIp),
      virtualIp,
      folder,
    });
    const reference = await campaign.reference("bare");
    for (const seed of seeds) {
      const round = await campaign.round(seed, "bare", reference, reference.durationMs);
      expect(round).toMatchObject({ seed, wrong: [] });
    }
    await rm(folder, { recursive: true });
  });
});
