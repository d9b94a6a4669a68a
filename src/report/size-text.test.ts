import { expect, test } from "vitest";
import { sizeText } from "./size-text.ts";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1 KiB"],
  [20_480, "20 KiB"],
  [2 ** 20 - 1, "1.0 MiB"],
  [1.5 * 2 ** 20, "1.5 MiB"],
  [2 ** 30 - 1, "1.00 GiB"],
  [2.25 * 2 ** 30, "2.25 GiB"],
  [5000 * 2 ** 30, "5000.00 GiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
