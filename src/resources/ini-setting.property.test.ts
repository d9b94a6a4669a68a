import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withSetting } from "./ini-setting.ts";

const word = fc.stringMatching(/^[a-z]{1,6}$/);
const line = fc.oneof(
  word.map((one) => `[${one}]`),
  fc.tuple(word, word).map(([name, value]) => `${name}=${value}`),
  word.map((one) => `# ${one}`),
  fc.constant(""),
);
const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join("\n"));
const setting = fc.record({ section: word, name: word, value: word });

describe("a setting in somebody else's file", () => {
  test("is set once: setting it again changes nothing", () => {
    fc.assert(
      fc.property(text, setting, (before, wanted) => {
        const after = withSetting(before, wanted);
        expect(withSetting(after, wanted)).toBe(after);
      }),
    );
  });

  test("leaves every other line as it is", () => {
    fc.assert(
      fc.property(text, setting, (before, wanted) => {
        const others = (of: string) =>
          of
            .split("\n")
            .filter((one) => one !== "" && one !== `[${wanted.section}]` && !one.startsWith(`${wanted.name}=`));
        expect(others(withSetting(before, wanted))).toEqual(others(before));
      }),
    );
  });

  test("is gone after it was taken out, and only when its value is the one that was put there", () => {
    fc.assert(
      fc.property(text, setting, (before, wanted) => {
        const after = withSetting(before, wanted);
        const out = withSetting(after, { ...wanted, value: undefined, onlyIf: wanted.value });
        expect(withSetting(out, { ...wanted, value: undefined, onlyIf: `${wanted.value}x` })).toBe(out);
        expect(withSetting(after, { ...wanted, value: undefined, onlyIf: `${wanted.value}x` })).toBe(after);
      }),
    );
  });
});
