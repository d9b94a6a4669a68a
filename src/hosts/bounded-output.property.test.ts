import fc from "fast-check";
import { expect, test } from "vitest";
import { BoundedOutput } from "./bounded-output.ts";

test("keeps the two ends, or the head, of any stream within the limit", () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
  fc.assert(
    fc.property(chunks, fc.integer({ min: 1, max: 120 }), fc.constantFrom("head", "ends"), (parts, limit, keep) => {
      const output = new BoundedOutput(limit, keep);
      for (const part of parts) output.add(Buffer.from(part));
      const whole = Buffer.concat(parts);
      const { bytes, truncated } = output.result();
      expect(truncated).toBe(whole.length > limit);
      if (!truncated) {
        expect(bytes).toEqual(whole);
        return;
      }
      const tail = keep === "ends" ? Math.floor(limit / 2) : 0;
      expect(bytes.length).toBe(limit);
      expect(bytes.subarray(0, limit - tail)).toEqual(whole.subarray(0, limit - tail));
      expect(bytes.subarray(limit - tail)).toEqual(whole.subarray(whole.length - tail));
    }),
  );
});
