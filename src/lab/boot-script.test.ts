import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { bootScript } from "./boot-script.ts";
import { imageFiles } from "./image-recipe.ts";

describe("the shell programs of a machine", () => {
  const early = imageFiles({ suite: "bookworm", mirror: "http://deb.debian.org/debian" }).filter(({ content }) =>
    content.startsWith("#!/bin/sh"),
  );

  test("the image has one that runs early", () => {
    expect(early.map(({ path }) => path)).toEqual(["/usr/lib/slipway-lab/early"]);
  });

  test.each([{ path: "boot-machine", content: bootScript }, ...early])("$path is valid sh", ({ content }) => {
    const parsed = spawnSync("sh", ["-n"], { input: content, encoding: "utf8" });
    expect(parsed.stderr).toBe("");
    expect(parsed.status).toBe(0);
  });
});
