import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { buildProgram } from "../../src/cli/program.ts";
import { preflightChecks } from "../../src/preflight/preflight-checks.ts";
import { cliRig, repository } from "../support/cli-rig.ts";

const rig = cliRig();
afterAll(() => rig[Symbol.dispose]());

const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(repository, "docs")).map((name) => `docs/${name}`),
].filter((name) => name.endsWith(".md"));

/** The command lines of slipway in a page: in code blocks, continued lines joined, comments and what they print left out. */
function commandsOf(page: string): readonly string[] {
  const text = readFileSync(join(repository, page), "utf8").replaceAll("\\\n", " ");
  const blocks = [...text.matchAll(/^```(?:sh|console)\n(.*?)^```/gms)].map((match) => match[1] ?? "");
  const inText = [...text.matchAll(/`((?:npx )?slipway [^`|]+)`/g)].map((match) => match[1] ?? "");
  return [...blocks.flatMap((block) => block.split("\n")), ...inText].flatMap((line) => {
    const found = /^(?:\$ )?(?:npx )?slipway( [^#>]*)?/.exec(line.replace(/^source <\((.*)\)/, "$1"));
    return found === null ? [] : [(found[1] ?? "").trim().replace(/\).*$/, "")];
  });
}

const commands = [...new Set(pages.flatMap(commandsOf))];

describe("every command line of the documentation", () => {
  test("is found", () => {
    expect(commands).toContain("hosts trust");
    expect(commands.length).toBeGreaterThan(20);
  });

  test.each(commands)("'slipway %s' is one there is", async (line) => {
    const words = line.split(/\s+/).filter((word) => word !== "");
    // Parsed by the real command tree, with actions that do nothing: the options and arguments have to be right.
    const program = buildProgram();
    let ran = 0;
    const count = (): void => {
      ran += 1;
    };
    const disarm = (command: typeof program): void => {
      if (command.commands.length === 0) command.action(count);
      command.commands.forEach(disarm);
    };
    disarm(program);
    await program.parseAsync(words, { from: "user" });
    expect(ran).toBe(1);
  });
});

describe("the reference of preflight", () => {
  test("lists every check that is run", () => {
    const page = readFileSync(join(repository, "docs/reference/preflight.md"), "utf8");
    const listed = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]);
    expect(listed).toContain("downgrades");
    expect(listed).toEqual(preflightChecks.map((check) => check.name));
  });
});

describe("the example of an invalid file in 'getting started'", () => {
  test("is what validate prints", async () => {
    const page = readFileSync(join(repository, "docs/getting-started.md"), "utf8");
    const shown = /\$ npx slipway validate\n(.*?)```/s.exec(page)?.[1] ?? "";
    rig.file("cluster.yaml", readFileSync(join(repository, "test/cases/rig/broken.yaml")));
    expect(shown).toBe((await rig.run(["validate"])).stderr);
  });
});
