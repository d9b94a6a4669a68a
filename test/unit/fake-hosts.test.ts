import { describe, expect, test } from "vitest";
import { Secret } from "../../src/hosts/secret.ts";
import { fakeHosts, fileCommands } from "../support/fake-hosts.ts";

describe("fake hosts", () => {
  test("answer reads from their files, and a write is seen by the next read", async () => {
    const hosts = fakeHosts({
      hosts: { "cp-1": { files: { "/etc/a": "one" } } },
      base: { files: { "/etc/b": "two" } },
    });
    const host = hosts.host("cp-1");
    const [a, b, c] = await host.read([
      { kind: "content", path: "/etc/a" },
      { kind: "stat", path: "/etc/b" },
      { kind: "digest", path: "/etc/c" },
    ]);
    expect(a).toMatchObject({ kind: "content", bytes: Buffer.from("one") });
    expect(b).toMatchObject({ kind: "stat", sizeBytes: 3, mode: 0o644 });
    expect(c).toMatchObject({ kind: "missing" });
    await host.change({ kind: "write", path: "/etc/c", content: new Secret("x"), mode: 0o600 });
    const [written] = await host.read([{ kind: "stat", path: "/etc/c" }]);
    expect(written).toMatchObject({ mode: 0o600, sizeBytes: 1 });
  });

  test("fail on a command that is in no table, naming it", async () => {
    const host = fakeHosts({ hosts: ["cp-1"] }).host("cp-1");
    await expect(host.read([{ kind: "run", argv: ["uname", "-r"] }])).rejects.toThrow("unexpected command: uname -r");
    await expect(host.change({ kind: "run", argv: ["reboot"] })).rejects.toThrow("unexpected command: reboot");
  });

  test("answer reads of one turn in one round trip, with operands merged into one command", async () => {
    const seen: string[] = [];
    const runs = [
      {
        argv: ["systemctl", "show"],
        answer: ({ argv }: { argv: readonly string[] }) => {
          seen.push(argv.join(" "));
          return "both";
        },
      },
    ];
    const host = fakeHosts({ hosts: ["w-1"], base: { runs } }).host("w-1");
    const [one, two] = await Promise.all([
      host.read([{ kind: "run", argv: ["systemctl", "show"], operands: ["a"] }]),
      host.read([{ kind: "run", argv: ["systemctl", "show"], operands: ["b"] }]),
    ]);
    expect(seen).toEqual(["systemctl show a b"]);
    expect(host.roundTrips).toBe(1);
    expect(one).toEqual(two);
  });

  test("fail, disconnect and hang on cue", async () => {
    const host = fakeHosts({ hosts: ["w-1"], base: { runs: [{ argv: ["true"], answer: "" }] } }).host("w-1");
    host.fault({ how: "fail" });
    await expect(host.change({ kind: "run", argv: ["true"] })).rejects.toThrow("host/command-failed");
    host.fault({ how: "disconnect", when: "after" });
    await expect(host.change({ kind: "run", argv: ["true"] })).rejects.toThrow("ssh/connection-lost");
    expect(host.commands()).toEqual(["true"]);
    host.fault({ how: "hang" });
    const controller = new AbortController();
    const hung = host.change({ kind: "run", argv: ["true"] }, controller.signal);
    controller.abort(new Error("enough"));
    await expect(hung).rejects.toThrow("enough");
  });

  test("link a file only when nothing is at the target", async () => {
    const host = fakeHosts({ hosts: ["w-1"], base: { runs: fileCommands, files: { "/a": "a" } } }).host("w-1");
    const link = { kind: "run", argv: ["ln", "/a", "/b"], okExitCodes: [0, 1] } as const;
    expect((await host.change(link)).exitCode).toBe(0);
    expect((await host.change(link)).exitCode).toBe(1);
    expect(host.files.text("/b")).toBe("a");
  });

  test("read failures of exit codes the caller did not allow as problems with evidence", async () => {
    const runs = [{ argv: ["false"], answer: { exitCode: 3, stderr: "no" } }];
    const host = fakeHosts({ hosts: ["w-1"], base: { runs } }).host("w-1");
    await expect(host.change({ kind: "run", argv: ["false"] })).rejects.toMatchObject({
      problem: { code: "host/command-failed", evidence: { exitCode: 3, lastLines: ["no"] } },
    });
    expect((await host.change({ kind: "run", argv: ["false"], okExitCodes: [0, 3] })).exitCode).toBe(3);
  });
});
