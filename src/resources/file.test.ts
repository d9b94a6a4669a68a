import { describe, expect, test } from "vitest";
import type { FakeFileScript } from "../../test/support/fake-host-script.ts";
import { fakeHosts } from "../../test/support/fake-hosts.ts";
import { lookAt } from "../../test/support/host-look.ts";
import type { StepId } from "../engine/step.ts";
import type { HostName } from "../hosts/port.ts";
import { Secret } from "../hosts/secret.ts";
import { file } from "./file.ts";
import type { Resource } from "./resource.ts";
import { hostStateStep } from "./resource-group.ts";

const path = "/etc/thing.conf";
const declared = file({ path, content: "one\ntwo\n" });

async function checked(there: string | FakeFileScript | undefined, resource: Resource = declared) {
  const hosts = fakeHosts({ hosts: { a: { files: there === undefined ? {} : { [path]: there } } } });
  const step = hostStateStep({
    id: "thing.configure/a" as StepId,
    title: "Write thing.conf",
    phase: "baseline",
    on: "a" as HostName,
    after: [],
    resources: [resource],
  });
  const check = await step.check(lookAt(hosts, "a"));
  return { check, trips: hosts.host("a").roundTrips };
}

describe("a file", () => {
  test("costs one round trip when it is as declared", async () => {
    const { check, trips } = await checked("one\ntwo\n");
    expect(check).toEqual({ state: "satisfied", because: `file ${path} is as declared` });
    expect(trips).toBe(1);
  });

  test("that is missing is created, with its whole content as diff", async () => {
    const { check, trips } = await checked(undefined);
    expect(check).toMatchObject({
      state: "needed",
      changes: [{ verb: "create", what: `file ${path}`, diff: "@@ -0,0 +1,2 @@\n+one\n+two" }],
    });
    expect(trips).toBe(1);
  });

  test("with another content is read for a diff in a second round trip", async () => {
    const { check, trips } = await checked("one\n2\n");
    expect(check).toMatchObject({
      state: "needed",
      changes: [{ verb: "update", what: `file ${path}`, diff: "@@ -1,2 +1,2 @@\n one\n-2\n+two" }],
    });
    expect(trips).toBe(2);
  });

  test("with a wrong mode is named by its mode, and gets chmod only", async () => {
    const { check } = await checked({ content: "one\ntwo\n", mode: 0o666 });
    expect(check).toMatchObject({
      state: "needed",
      changes: [{ verb: "update", what: `file ${path}`, from: "mode 0666", to: "mode 0644" }],
    });
    const made = check.state === "needed" ? check.found.comparisons[0] : undefined;
    expect(made).toMatchObject({ make: [{ kind: "run", argv: ["chmod", "--", "0644", path] }], quiet: true });
  });

  test("with a wrong owner is named by its owner", async () => {
    const { check } = await checked({ content: "one\ntwo\n", owner: "nobody", group: "nogroup" });
    expect(check).toMatchObject({ changes: [{ from: "owner nobody:nogroup", to: "owner root:root" }] });
  });

  test("that is secret never shows its content, neither the old nor the new", async () => {
    const secret = file({ path, content: new Secret("new-password"), mode: 0o600 });
    for (const there of [undefined, { content: "old-password", mode: 0o600 }]) {
      const { check, trips } = await checked(there, secret);
      expect(check.state).toBe("needed");
      expect(JSON.stringify(check)).not.toContain("password");
      expect(trips).toBe(1);
    }
  });

  test("that is binary has no diff", async () => {
    const { check } = await checked({ content: Uint8Array.of(0, 1, 2) });
    const changes = check.state === "needed" ? check.changes : [];
    expect(changes).toEqual([{ verb: "update", what: `file ${path}`, because: "its content differs" }]);
  });

  test("is refused where a directory is", async () => {
    await expect(checked({ type: "directory" })).rejects.toMatchObject({
      problems: [{ code: "host/not-a-file", because: "there is a directory where a regular file belongs" }],
    });
  });

  test("that cannot be read is an error, not a missing file", async () => {
    await expect(checked({ unreadable: "Permission denied" })).rejects.toMatchObject({
      problems: [{ code: "host/unreadable", because: "Permission denied" }],
    });
  });
});
