import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { Secret } from "../hosts/secret.ts";
import { formatResult } from "./output.ts";
import { table } from "./table.ts";

describe("results", () => {
  const value = { name: "demo", none: undefined, hosts: [{ name: "cp-1", ready: true }], key: new Secret("hunter2") };
  const text = (): string => "demo: 1 host";

  test("print as text, JSON or YAML with keys in the order given", () => {
    expect(formatResult(value, "text", text)).toBe("demo: 1 host\n");
    expect(formatResult(value, "json", text)).toBe(
      '{\n  "name": "demo",\n  "hosts": [\n    {\n      "name": "cp-1",\n      "ready": true\n    }\n  ],\n  "key": "***"\n}\n',
    );
    expect(formatResult(value, "yaml", text)).toBe('name: demo\nhosts:\n  - name: cp-1\n    ready: true\nkey: "***"\n');
    expect(formatResult(undefined, "json", text)).toBe("null\n");
  });

  test("mean the same in both formats and hold nothing that steers a terminal", () => {
    const characters = fc.constantFrom(
      "\u001b",
      "\u009b",
      "\u202e",
      "\u2028",
      "\u{e0001}",
      "\u007f",
      '"',
      "\\",
      "\n",
      "a",
      ": ",
    );
    const strings = fc.oneof(fc.string({ unit: characters }), fc.string());
    fc.assert(
      fc.property(fc.dictionary(strings, fc.oneof(strings, fc.array(strings), fc.integer(), fc.boolean())), (given) => {
        const wanted = JSON.parse(JSON.stringify(given));
        const json = formatResult(given, "json", text);
        const yaml = formatResult(given, "yaml", text);
        expect(JSON.parse(json)).toEqual(wanted);
        expect(parse(yaml)).toEqual(wanted);
        for (const printed of [json, yaml])
          expect(printed.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]|\u202e/u);
      }),
    );
  });
});

describe("a table", () => {
  const rows = [
    { name: "cp-1", size: 12, note: "名前 leader" },
    { name: "w-10\u001b[1m", size: 1200, note: undefined },
  ];
  const columns = [
    { title: "name", value: (row: (typeof rows)[number]) => row.name },
    { title: "size", value: (row: (typeof rows)[number]) => row.size, align: "right" as const },
    { title: "note", value: (row: (typeof rows)[number]) => row.note },
  ];

  test("is aligned, also with wide characters, and neutralises control characters", () => {
    expect(table(rows, columns)).toBe(
      ["NAME         SIZE  NOTE", "cp-1           12  名前 leader", "w-10\\x1b[1m  1200  -"].join("\n"),
    );
  });

  test("has its titles when there are no rows", () => {
    expect(table([], columns)).toBe("NAME  SIZE  NOTE");
  });

  test("is cut to the terminal, the widest column first", () => {
    const long = [{ name: "cp-1", size: 1, note: "x".repeat(100) }];
    expect(table(long, columns, { width: 30 })).toBe(`NAME  SIZE  NOTE\ncp-1     1  ${"x".repeat(17)}…`);
  });

  test("paints cells without disturbing the alignment", () => {
    const painted = [
      {
        ...columns[0],
        title: "name",
        value: (row: (typeof rows)[number]) => row.name,
        paint: (cell: string) => `<${cell}>`,
      },
    ];
    expect(table(rows.slice(0, 1), painted)).toBe("NAME\n<cp-1>");
  });
});
