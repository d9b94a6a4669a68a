import { describe, expect, test } from "vitest";
import { engineRig } from "../../test/support/engine-rig.ts";
import { toyStep } from "../../test/support/toy-steps.ts";
import type { RunEvent } from "../engine/events.ts";
import { Secret } from "../hosts/secret.ts";
import { ProblemError } from "../problems/problem.ts";
import { SecretMask } from "./secret-mask.ts";

const planted = "correct horse battery";
const inBase64 = Buffer.from(planted).toString("base64");
const keyLine = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
const key = `-----BEGIN PRIVATE KEY-----\n${keyLine}\n-----END PRIVATE KEY-----\n`;

describe("a secret of the vault", () => {
  test("never reaches the journal, a listener or the result, wherever a step puts it", async () => {
    const mask = new SecretMask();
    const plain = engineRig(["a"]).world.vault;
    const vault = mask.watch(plain);
    await plain.write("read", new Secret(planted));
    const rig = engineRig(["a"], { world: { vault, mask: mask.mask } });
    const heard: RunEvent[] = [];
    const step = toyStep("one", "a", [], {
      async apply(act) {
        await act.vault.write("written", new Secret(key));
        const known = (await act.vault.read("read"))?.reveal().toString() ?? "";
        act.say(`the password is ${known}`);
        await act.change({ kind: "write", path: `/toy/${known}`, content: "", mode: 0o600 });
        throw new ProblemError({
          code: "host/command-failed",
          severity: "error",
          message: `curl -u ann:${known}`,
          because: inBase64,
          evidence: { command: `echo ${known}`, exitCode: 1, lastLines: [known, `  ${keyLine}`] },
        });
      },
    });
    const result = await rig.apply([step], { listener: (event) => heard.push(event) });
    expect(rig.journal.events.filter((one) => one.type === "step-said")).toMatchObject([
      { text: "the password is ***" },
    ]);
    expect(result.problems).toMatchObject([{ code: "host/command-failed", message: "curl -u ann:***" }]);
    for (const place of [rig.journal.events, heard, result.problems, [...result.outcomes.values()]]) {
      expect(place.length).toBeGreaterThan(0);
      for (const text of [planted, inBase64, keyLine]) expect(JSON.stringify(place)).not.toContain(text);
    }
  });

  test("that is also the name of something garbles no name", async () => {
    const mask = new SecretMask();
    mask.learn(new Secret("run-started"));
    mask.learn(new Secret("password"));
    const rig = engineRig(["a"], { world: { mask: mask.mask } });
    await rig.apply([toyStep("password", "a")]);
    expect(rig.journal.events.map((one) => one.type)).toContain("run-started");
    expect(rig.journal.events.find((one) => one.type === "step-started")).toMatchObject({ step: "password" });
  });
});

describe("the mask", () => {
  test("masks the longer of two secrets whole, and none that is too short to tell from a word", () => {
    const { learn, mask } = bound(new SecretMask());
    for (const one of ["abc", "swordfish", "swordfish-two"]) learn(one);
    expect(mask("abc swordfish-two swordfish")).toBe("abc *** ***");
  });

  test("leaves the frame of a key readable", () => {
    const { learn, mask } = bound(new SecretMask());
    learn(key);
    expect(mask(`-----BEGIN PRIVATE KEY-----\\n${keyLine}\\n`)).toBe("-----BEGIN PRIVATE KEY-----\\n***\\n");
  });
});

function bound(one: SecretMask) {
  return { learn: (text: string) => one.learn(new Secret(text)), mask: one.mask };
}
