import { expect, test } from "vitest";
import { requireSomebodyToAsk } from "./require-approval.ts";

test.each([
  ["install", "slipway apply --yes", "approve it beforehand, or apply a saved plan"],
  ["rotate-encryption-key", "slipway secrets rotate-key --yes", "approve it beforehand"],
])("without a terminal, a plan to %s names the command that approves it", (intention, command, text) => {
  expect(() => requireSomebodyToAsk({ intention }, { output: "json" })).toThrow(
    expect.objectContaining({
      problem: expect.objectContaining({ code: "usage/no-approval", hint: { text, command } }),
    }),
  );
});
