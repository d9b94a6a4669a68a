import fc from "fast-check";
import { expect, test } from "vitest";
import { groupedDigits } from "./grouped-digits.ts";

test("writes whole numbers as the rules of English do", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (whole) => {
      expect(groupedDigits(whole)).toBe(whole.toLocaleString("en"));
    }),
  );
  for (const whole of [0, 7, 999, 1000, 12_345, 999_999, 1_000_000, -1000])
    expect(groupedDigits(whole)).toBe(whole.toLocaleString("en"));
});
