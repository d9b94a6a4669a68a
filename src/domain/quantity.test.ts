import { expect, test } from "vitest";
import { quantityNumber } from "./quantity.ts";

test.each([
  ["0", 0],
  ["500m", 0.5],
  ["1.5", 1.5],
  ["2k", 2000],
  ["1Gi", 1073741824],
  ["1.5Gi", 1610612736],
  ["3T", 3e12],
])("quantityNumber reads %s as %d", (text, number) => {
  expect(quantityNumber(text)).toBe(number);
});

test.each(["", "Gi", "-1", "1e3", "1 Gi", "1gb", "0x10"])("quantityNumber takes %j for no quantity", (text) => {
  expect(quantityNumber(text)).toBeUndefined();
});
