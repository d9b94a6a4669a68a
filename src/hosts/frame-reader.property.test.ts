import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameReader } from "./frame-reader.ts";

const nonce = "0123456789abcdef0123456789abcdef";
/** Output made to look like the end of a frame as often as it can without being one. */
const output = fc
  .array(fc.constantFrom("\n", nonce, `\n${nonce}`, `${nonce} 0 0`, "\n\n", "a", "\0", "0", " "), { maxLength: 12 })
  .map((parts) => parts.join(""))
  .filter((text) => !`${text}\n`.includes(`\n${nonce} `));

test("frames come out whole however the stream is cut", () => {
  const frames = fc.array(fc.record({ text: output, exitCode: fc.nat(255) }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 30 }), (sent, cuts) => {
      const stream = Buffer.from(sent.map((one, at) => `${one.text}\n${nonce} ${at} ${one.exitCode}\n`).join(""));
      const received: { text: string; sequence: number; exitCode: number }[] = [];
      let text = "";
      const reader = new FrameReader(
        nonce,
        (bytes) => {
          text += bytes.toString("latin1");
        },
        ({ sequence, exitCode }) => {
          received.push({ text, sequence, exitCode });
          text = "";
        },
      );
      const positions = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
      positions.slice(1).forEach((end, index) => {
        reader.feed(stream.subarray(positions[index], end));
      });
      expect(received).toEqual(sent.map((one, sequence) => ({ ...one, sequence })));
      expect(text).toBe("");
    }),
  );
});

test("hands out what it held back when the stream ends early", () => {
  let text = "";
  const reader = new FrameReader(
    nonce,
    (bytes) => {
      text += bytes.toString();
    },
    () => {
      throw new Error("a frame ended");
    },
  );
  reader.feed(Buffer.from("Connection closed by 10.0.0.1"));
  reader.flush();
  expect(text).toBe("Connection closed by 10.0.0.1");
});
