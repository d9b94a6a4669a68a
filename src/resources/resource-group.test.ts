import { describe, expect, test } from "vitest";
import { fakeHosts } from "../../test/support/fake-hosts.ts";
import { actOn, lookAt } from "../../test/support/host-look.ts";
import type { Change, Condition, HostLook, NonEmpty, StepId } from "../engine/step.ts";
import type { Fact } from "../facts/fact.ts";
import type { HostName, Read } from "../hosts/port.ts";
import { file } from "./file.ts";
import type { Comparison, Resource } from "./resource.ts";
import { type HostState, hostStateStep } from "./resource-group.ts";

const name = "a" as HostName;

function group<F>(state: Partial<HostState<F>> & Pick<HostState<F>, "resources">) {
  return hostStateStep<F>({
    id: "thing.configure/a" as StepId,
    title: "Configure thing",
    phase: "baseline",
    on: name,
    after: [],
    ...state,
  });
}

/** A resource whose comparison is what the host's file of its name says. */
function fromFile(key: string, compare: (text: string, changed: ReadonlySet<string>) => Comparison): Resource {
  const read: Read = { kind: "content", path: `/${key}` };
  return {
    key,
    reads: [read],
    compare(answers, changed) {
      const answer = answers.of(read);
      return compare(answer.kind === "content" ? answer.bytes.toString() : "", changed);
    },
  };
}

const same: Comparison = { state: "same" };
const change = (what: string): NonEmpty<Change> => [{ verb: "update", what }];

describe("a group of resources", () => {
  test("is satisfied when all are the same, and repeats their notes", async () => {
    const hosts = fakeHosts({ hosts: ["a"] });
    const noted: Resource = { key: "x", reads: [], compare: () => ({ state: "same", note: "y is not applicable" }) };
    const step = group({ resources: [fromFile("one", () => same), noted] });
    expect(await step.check(lookAt(hosts, "a"))).toEqual({
      state: "satisfied",
      because: "all 2 resources are as declared; y is not applicable",
    });
  });

  test("looks again at later resources after a command, because it may have changed what they saw", async () => {
    const hosts = fakeHosts({
      hosts: ["a"],
      base: {
        runs: [
          {
            argv: ["install"],
            answer: ({ host }) => {
              host.files.write("/package", "installed");
              return "";
            },
          },
        ],
      },
    });
    const packaged = fromFile("package", (text) =>
      text === "installed"
        ? same
        : { state: "different", changes: change("package"), make: [{ kind: "run", argv: ["install"] }] },
    );
    const read: Read = { kind: "content", path: "/package" };
    const dependent: Resource = {
      key: "dependent",
      reads: [read, { kind: "content", path: "/dependent" }],
      compare(answers) {
        if (answers.of(read).kind === "missing") return { state: "unknown", because: "it depends on the package" };
        if (answers.of({ kind: "content", path: "/dependent" }).kind === "content") return same;
        const write = { kind: "write", path: "/dependent", content: "for the installed one", mode: 0o644 } as const;
        return { state: "different", changes: change("dependent"), make: [write] };
      },
    };
    const step = group({ resources: [packaged, dependent] });
    const found = await step.check(lookAt(hosts, "a"));
    expect(found).toMatchObject({
      state: "needed",
      changes: [{ what: "package" }, { what: "dependent", because: "it depends on the package" }],
    });
    if (found.state === "needed") await step.apply(actOn(hosts, "a"), found.found);
    expect(hosts.host("a").files.text("/dependent")).toBe("for the installed one");
    expect(await step.check(lookAt(hosts, "a"))).toMatchObject({ state: "satisfied" });
  });

  test("writes files without looking again in between", async () => {
    const hosts = fakeHosts({ hosts: ["a"] });
    const step = group({ resources: [1, 2, 3, 4].map((n) => file({ path: `/etc/${n}`, content: "x" })) });
    const found = await step.check(lookAt(hosts, "a"));
    const before = hosts.host("a").roundTrips;
    if (found.state === "needed") await step.apply(actOn(hosts, "a"), found.found);
    expect(hosts.host("a").roundTrips - before).toBe(4);
  });

  test("mends in a second pass what a later command undid", async () => {
    const hosts = fakeHosts({
      hosts: ["a"],
      base: {
        runs: [
          {
            argv: ["install"],
            answer: ({ host }) => {
              host.files.write("/package", "installed");
              host.files.write("/etc/thing", { content: "x", mode: 0o600 });
              return "";
            },
          },
          {
            argv: ["chmod"],
            answer: ({ host }) => {
              host.files.write("/etc/thing", { content: "x", mode: 0o644 });
              return "";
            },
          },
        ],
      },
    });
    const packaged = fromFile("package", (text) =>
      text === "installed"
        ? same
        : { state: "different", changes: change("package"), make: [{ kind: "run", argv: ["install"] }] },
    );
    const step = group({ resources: [file({ path: "/etc/thing", content: "x" }), packaged] });
    const found = await step.check(lookAt(hosts, "a"));
    if (found.state === "needed") await step.apply(actOn(hosts, "a"), found.found);
    expect(await step.check(lookAt(hosts, "a"))).toMatchObject({ state: "satisfied" });
  });

  test("is unknown until another step has run, when nothing else differs", async () => {
    const hosts = fakeHosts({ hosts: ["a"] });
    const until = "etcd.certificates/a" as StepId;
    const waiting: Resource = {
      key: "unit",
      reads: [],
      compare: () => ({ state: "unknown", until, because: "the certificate is not made yet" }),
    };
    expect(await group({ resources: [waiting] }).check(lookAt(hosts, "a"))).toEqual({
      state: "unknown",
      until,
      because: "unit: the certificate is not made yet",
    });
  });

  test("that can never be known is an error, not satisfied", async () => {
    const hosts = fakeHosts({ hosts: ["a"] });
    const lost: Resource = { key: "x", reads: [], compare: () => ({ state: "unknown", because: "nobody knows" }) };
    await expect(group({ resources: [lost] }).check(lookAt(hosts, "a"))).rejects.toMatchObject({
      problems: [{ code: "host/state-unknown" }],
    });
  });

  test("tells later resources which earlier ones change, but not the quiet ones", async () => {
    const hosts = fakeHosts({ hosts: ["a"] });
    const seen: string[][] = [];
    const differing = (key: string, quiet: boolean): Resource =>
      fromFile(key, () => ({ state: "different", changes: change(key), make: [], quiet }));
    const last = fromFile("last", (_, changed) => {
      seen.push([...changed]);
      return same;
    });
    await group({ resources: [differing("loud", false), differing("quiet", true), last] }).check(lookAt(hosts, "a"));
    expect(seen).toEqual([["loud"]]);
  });

  test("gives up on a resource that always wants to read more", async () => {
    const hosts = fakeHosts({ hosts: ["a"] });
    let count = 0;
    const greedy: Resource = {
      key: "x",
      reads: [],
      compare() {
        count += 1;
        return { state: "read-more", reads: [{ kind: "stat", path: `/${count}` }] };
      },
    };
    await expect(group({ resources: [greedy] }).check(lookAt(hosts, "a"))).rejects.toThrow("still wants to read");
  });

  test("asks what it needs first, then everything else in one batch", async () => {
    const hosts = fakeHosts({ hosts: { a: { files: { "/kind": "blue", "/etc/blue": "x" } } } });
    const kind: Fact<string> = {
      name: "kind",
      reads: [{ kind: "content", path: "/kind" }],
      parse: ([answer]) => (answer?.kind === "content" ? answer.bytes.toString() : ""),
    };
    const step = group({ needs: kind, resources: (colour) => [file({ path: `/etc/${colour}`, content: "x" })] });
    expect(await step.check(lookAt(hosts, "a"))).toMatchObject({ state: "satisfied" });
    expect(hosts.host("a").roundTrips).toBe(2);
  });

  test("two groups of a host share their round trips", async () => {
    const hosts = fakeHosts({ hosts: { a: { files: { "/kind": "blue", "/etc/1": "x", "/etc/2": "x" } } } });
    const kind: Fact<number> = { name: "kind", reads: [{ kind: "content", path: "/kind" }], parse: () => 0 };
    const steps = [1, 2].map((n) =>
      group({
        id: `thing.${n}/a` as StepId,
        needs: kind,
        resources: () => [file({ path: `/etc/${n}`, content: "x" })],
      }),
    );
    const look = lookAt(hosts, "a");
    await Promise.all(steps.map((step) => step.check(look)));
    expect(hosts.host("a").roundTrips).toBe(2);
  });

  test("is not satisfied while one of its conditions does not hold", async () => {
    const hosts = fakeHosts({ hosts: ["a"] });
    const condition: Condition<HostLook> = {
      title: "thing to answer",
      everyMs: 1,
      withinMs: 1,
      holds: () => Promise.resolve({ state: "not-yet", because: "connection refused" }),
    };
    const step = group({ resources: [fromFile("one", () => same)], conditions: [condition] });
    expect(await step.check(lookAt(hosts, "a"))).toMatchObject({
      state: "needed",
      changes: [{ verb: "run", what: "wait for thing to answer", because: "connection refused" }],
    });
    expect(step.verify).toHaveLength(2);
  });

  test("verify says what is left, in words", async () => {
    const hosts = fakeHosts({ hosts: { a: { files: { "/etc/thing": { content: "x", mode: 0o600 } } } } });
    const step = group({ resources: [file({ path: "/etc/thing", content: "x" })] });
    expect(await step.verify[0].holds(lookAt(hosts, "a"))).toEqual({
      state: "not-yet",
      because: "file /etc/thing mode 0600 → mode 0644",
    });
  });
});
