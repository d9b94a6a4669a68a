import { z } from "zod";

/** A whole number in a range, both ends included. */
export function wholeNumber(least: number, most: number) {
  return z.int().min(least).max(most);
}

/** A TCP port. */
export function port() {
  return wholeNumber(1, 65_535);
}
