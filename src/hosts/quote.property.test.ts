import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { type LocalShell, localHost, localHosts, localShells } from "../../test/support/local-shells.ts";
import type { CommandResult } from "./port.ts";
import { quoteAll, showWords } from "./quote.ts";

const shells = localShells();
afterAll(() => {
  for (const shell of shells) shell.remove();
});

/** Any text a program can be given: everything but NUL. */
const word = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replaceAll("\0", "")),
  fc.string({
    unit: fc.constantFrom("'", '"', "\\", "$", "`", "\n", "\r", " ", "*", "!", "~", "-", "=", "#", "\x81", "\x88"),
  }),
);

test("any words survive a real sh byte for byte", () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
      // An end mark, so that what printf itself does at the end is seen too.
      const run = spawnSync("sh", ["-s"], { input: `printf '%s\\0' ${quoteAll(words)} end` });
      expect(run.stdout).toEqual(Buffer.from(`${words.join("\0")}\0end\0`));
    }),
    { numRuns: 150 },
  );
});

test("words shown to a person can be pasted into a shell", () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
      const run = spawnSync("sh", ["-s"], { input: `printf '%s\\0' ${showWords(["x", ...words])}` });
      expect(run.stdout).toEqual(Buffer.from(`x\0${words.join("\0")}\0`));
    }),
    { numRuns: 60 },
  );
});

describe.each(shells.map((shell): [string, LocalShell] => [shell.name, shell]))(
  "through a session over %s",
  (_, shell) => {
    test("any argv arrives as it was given, in reads and in changes", async () => {
      const hosts = localHosts(shell.open);
      const session = hosts.session(localHost);
      const argv = ["printf", "%s\\0", "--"];
      await fc.assert(
        fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 5 }), async (words) => {
          const expected = Buffer.from(`--\0${words.join("\0")}\0`);
          const [[read], change] = await Promise.all([
            session.read([{ kind: "run", argv: [...argv, ...words] }]),
            session.change({ kind: "run", argv: [...argv, ...words] }),
          ]);
          // GNU's printf takes the first "--" for itself, busybox's does not.
          const given = (bytes: Buffer) => bytes.subarray(bytes.length - expected.length + 3);
          expect(given((read as CommandResult).stdout)).toEqual(expected.subarray(3));
          expect(given(change.stdout)).toEqual(expected.subarray(3));
        }),
        { numRuns: 40 },
      );
      await hosts.close();
    });
  },
);
