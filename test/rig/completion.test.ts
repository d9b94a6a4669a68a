import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cliRig, hasProgram } from "../support/cli-rig.ts";

const rig = cliRig();
afterAll(() => rig[Symbol.dispose]());

const scripts = new Map<string, string>();
beforeAll(async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const printed = await rig.run(["completion", shell]);
    expect(printed).toMatchObject({ code: 0, stderr: "" });
    scripts.set(shell, rig.file(`completion.${shell}`, printed.stdout));
  }
});

const commands =
  "init validate schema hosts preflight plan apply status kubeconfig etcd rbac secrets runs bundle lab demo completion".split(
    " ",
  );

/** Words typed so far, the last one unfinished, and what is offered; bash adds nothing to an empty offer but file names. */
const cases: readonly (readonly [words: readonly string[], offered: readonly string[]])[] = [
  [[""], commands],
  [["pl"], ["plan"]],
  [
    ["etcd", ""],
    ["members", "health"],
  ],
  [["etcd", "m"], ["members"]],
  [["runs", "s"], ["show"]],
  [
    ["completion", ""],
    ["bash", "zsh", "fish"],
  ],
  [
    ["plan", "--diff", ""],
    ["short", "full", "none"],
  ],
  [["plan", "--diff", "f"], ["full"]],
  [
    ["-o", ""],
    ["text", "json", "yaml"],
  ],
  [["plan", "--output", "j"], ["json"]],
  [["apply", "--wi"], ["--within"]],
  [["lab", "ss"], ["ssh"]],
];

function say(program: string, args: readonly string[]): string {
  const end = spawnSync(program, args, {
    encoding: "utf8",
    cwd: rig.folder,
    env: { PATH: process.env.PATH, HOME: rig.home },
  });
  expect(end).toMatchObject({ status: 0, stderr: "" });
  return end.stdout;
}

const wordsOf = (text: string) => text.split(/\s+/).filter((word) => word !== "");

describe("the completion script for bash", () => {
  test("is a script", () => {
    say("bash", ["-n", scripts.get("bash") ?? ""]);
  });

  const drive = `. "$1"; shift; COMP_WORDS=(slipway "$@"); COMP_CWORD=$#; _slipway; echo "\${COMPREPLY[*]}"`;
  test.each([
    ...cases,
    [["-f", "plan", "et"], ["etcd"]] as const,
    [
      ["--file", "x.yaml", "runs", ""],
      ["list", "show"],
    ] as const,
    [["apply", ""], []] as const,
    [["-f", ""], []] as const,
    [["plan", "--limit", ""], []] as const,
  ])("offers after %j: %j", (words, offered) => {
    expect(wordsOf(say("bash", ["-c", drive, "bash", scripts.get("bash") ?? "", ...words]))).toEqual(offered);
  });

  test("offers every option of a command, and no other command's", () => {
    const options = wordsOf(say("bash", ["-c", drive, "bash", scripts.get("bash") ?? "", "plan", "--"]));
    expect(options).toEqual([
      "--out",
      "--diff",
      "--through",
      "--limit",
      "--traffic",
      "--help",
      "--version",
      "--file",
      "--output",
    ]);
  });

  test("is what 'complete' uses for slipway", () => {
    const said = say("bash", ["-c", '. "$1"; complete -p slipway', "bash", scripts.get("bash") ?? ""]);
    expect(said).toBe("complete -o default -F _slipway slipway\n");
  });
});

describe("the completion script for zsh", () => {
  const drive = `source "$1"; shift; COMP_WORDS=(slipway "$@"); COMP_CWORD=$#; compgen -F _slipway -- "\${COMP_WORDS[-1]}" || true`;
  test.for(cases)("offers what it should after %j", ([words, offered], { skip }) => {
    skip(!hasProgram("zsh"), "zsh is not installed");
    const script = scripts.get("zsh") ?? "";
    say("zsh", ["-n", script]);
    const said = wordsOf(say("zsh", ["-f", "-c", drive, "zsh", script, ...words]));
    // zsh itself leaves out what does not begin with what was typed.
    expect(said.filter((word) => word.startsWith(words.at(-1) ?? ""))).toEqual(offered);
  });
});

describe("the completion script for fish", () => {
  const drive = 'source $argv[1]; complete -C "slipway $argv[2]" | string split -m 1 -f 1 \\t; true';
  test.for(cases)("offers what it should after %j", ([words, offered], { skip }) => {
    skip(!hasProgram("fish"), "fish is not installed");
    const script = scripts.get("fish") ?? "";
    say("fish", ["-n", script]);
    const said = wordsOf(say("fish", ["--no-config", "-c", drive, script, words.join(" ")]));
    expect(said.sort()).toEqual([...offered].sort());
  });
});
