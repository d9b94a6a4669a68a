import { describe, expect, test } from "vitest";
import { fakeHosts } from "../../../test/support/fake-hosts.ts";
import { lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import type { HostSpec } from "../../spec/cluster-spec.ts";
import { mayStopStackedMember } from "./stacked-member-risk.ts";

const sample = sampleSpec();
const spec = sampleSpec({ etcd: { ...sample.etcd, topology: "stacked" } });
const cp1 = spec.hosts.find((host) => host.name === "cp-1") as HostSpec;

/** Members on these hosts answer. */
async function allowed(answering: readonly string[], away: readonly string[] = []): Promise<boolean> {
  const scripts = ["cp-1", "cp-2", "cp-3"].map((name) => {
    const answer = answering.includes(name) ? { stdout: '{"members":[]}' } : { exitCode: 7 };
    return [name, { runs: [{ argv: ["curl"], answer }] }];
  });
  const hosts = fakeHosts({ hosts: Object.fromEntries(scripts) });
  for (const name of away) hosts.host(name).unreachable = true;
  return (await mayStopStackedMember(lookAt(hosts, "cp-1"), spec, cp1)).allowed;
}

describe("a stacked member of etcd", () => {
  test("may be stopped while the others are a quorum", async () => {
    expect(await allowed(["cp-1", "cp-2", "cp-3"])).toBe(true);
    expect(await allowed(["cp-1", "cp-2"])).toBe(false);
    expect(await allowed(["cp-1", "cp-2", "cp-3"], ["cp-3"])).toBe(false);
  });

  test("that does not answer may be stopped whatever the others do, so that it can be mended", async () => {
    expect(await allowed(["cp-2", "cp-3"])).toBe(true);
    expect(await allowed([])).toBe(true);
  });
});
