import { describe, expect, test } from "vitest";
import { loadCluster } from "./load-cluster.ts";
import { limits } from "./yaml/limits.ts";

function problemsOf(content: string | Uint8Array) {
  const loaded = loadCluster(content, "cluster.yaml");
  if (!("problems" in loaded)) throw new Error("the file loaded");
  return loaded.problems;
}

function repeated(text: string, length: number): string {
  return text.repeat(Math.floor(length / text.length));
}

describe("size", () => {
  test("over 16 MiB is refused with the limit, before anything is read", () => {
    expect(problemsOf(Buffer.alloc(20 * 2 ** 20, "a"))).toEqual([
      expect.objectContaining({
        code: "config/file-too-large",
        because: `found 20971520 bytes; the limit is ${limits.fileBytes} (16 MiB)`,
        where: { source: { file: "cluster.yaml", line: 1, column: 1, length: 0, text: "" } },
      }),
    ]);
  });

  test("is counted in bytes, not in characters", () => {
    expect(problemsOf(repeated("語", 6 * 2 ** 20))[0].code).toBe("config/file-too-large");
  });
});

describe("bytes that are not UTF-8", () => {
  test.each([
    ["a lone continuation byte", Buffer.from([0x6b, 0x80])],
    ["Latin-1", Buffer.from("kind: Clüster", "latin1")],
    ["an encoded surrogate", Buffer.from([0xed, 0xa0, 0x80])],
    ["random bytes", Buffer.from([0, 255, 254, 1, 2, 3, 128])],
  ])("are refused: %s", (_what, bytes) => {
    expect(problemsOf(bytes)[0]).toMatchObject({ code: "config/not-text", where: { source: { line: 1 } } });
  });

  test("that are UTF-16 are named", () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("kind: Cluster", "utf16le")]);
    expect(problemsOf(bytes)[0].because).toContain("UTF-16");
  });

  test("in a string are lone surrogates", () => {
    expect(problemsOf("kind: \ud800")[0]).toMatchObject({ code: "config/not-text" });
  });
});

/** Each of these has cost somebody's parser its stack, its memory or a very long time. */
const bombs: Readonly<Record<string, string>> = {
  "100,000 lists in each other": `a: ${"[".repeat(100_000)}${"]".repeat(100_000)}`,
  "100,000 mappings in each other": `a: ${"{a: ".repeat(100_000)}`,
  "100,000 dashes on one line": `${"- ".repeat(100_000)}x`,
  "100,000 question marks": "? ".repeat(100_000),
  "2,000 levels of indentation": Array.from({ length: 2000 }, (_, index) => `${" ".repeat(index)}a:`).join("\n"),
  "8 MiB of opened brackets": repeated("[", 8 * 2 ** 20),
  "8 MiB of one word": repeated("a", 8 * 2 ** 20),
  "8 MiB of one quote that never ends": `"${repeated("a\n", 8 * 2 ** 20)}`,
  "8 MiB of unknown escapes": `"${repeated("\\q", 8 * 2 ** 20)}"`,
  "2 MiB of unknown escapes in short texts": repeated('- "\\q"\n', 2 * 2 ** 20),
  "8 MiB of digits": `a: ${repeated("9", 8 * 2 ** 20)}`,
  "1 MiB of anchors": repeated("&a ", 2 ** 20),
  "1 MiB of commas": `[${repeated(",", 2 ** 20)}`,
  "200,000 keys": Array.from({ length: 200_000 }, (_, index) => `k${index}: 1`).join("\n"),
};

describe("what would cost too much", () => {
  test.each(Object.entries(bombs))("is refused: %s", (_what, text) => {
    expect(problemsOf(text)).toEqual([expect.objectContaining({ code: "config/too-complex" })]);
  });

  test("is refused where aliases multiply: a billion laughs", () => {
    const lines = Array.from({ length: 40 }, (_, index) =>
      index === 0
        ? "a0: &a0 [x, x, x, x, x, x, x, x, x]"
        : `a${index}: &a${index} [${Array(9).fill(`*a${index - 1}`)}]`,
    );
    const problems = problemsOf(lines.join("\n"));
    expect(problems).toEqual([expect.objectContaining({ code: "config/too-complex" })]);
    expect(problems[0].where?.source).toMatchObject({ line: 7, length: 3 });
  });

  test("is refused where aliases multiply mappings", () => {
    const lines = Array.from({ length: 30 }, (_, index) =>
      index === 0 ? "a0: &a0 { x: y }" : `a${index}: &a${index} { l: *a${index - 1}, r: *a${index - 1} }`,
    );
    expect(problemsOf(lines.join("\n"))).toEqual([expect.objectContaining({ code: "config/too-complex" })]);
  });

  test("is not 2,000 keys that repeat, each of which is named up to the limit", () => {
    const problems = problemsOf(repeated("k: 1\n", 10_000));
    expect(problems).toHaveLength(501);
    expect(problems.map((one) => one.code)).toContain("config/duplicate-key");
    expect(problems.at(-1)).toMatchObject({ code: "config/more-problems" });
  });

  test("is not 4,000 aliases of one value", () => {
    const packages = repeated("*p, ", 16_000);
    const problems = problemsOf(`x: &p tcpdump\nspec: { os: { packages: [${packages}] } }`);
    expect(problems.map((one) => one.code)).toContain("config/unknown-field");
  });
});
