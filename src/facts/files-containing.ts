import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";

/** Paths of files called `name` somewhere under `folder` that contain `text`; none when there is no such folder. */
export function filesContaining(folder: string, name: string, text: string): Fact<readonly string[]> {
  const argv = ["grep", "-rlsF", `--include=${name}`, "-e", text, "--", folder];
  return {
    name: `files-containing ${folder}/${name}`,
    reads: [{ kind: "run", argv }],
    parse([answer]) {
      const result = commandOf("files-containing", argv.join(" "), answer);
      if (result.exitCode > 2) {
        throw notUnderstood("files-containing", argv.join(" "), answer, `it ended with exit code ${result.exitCode}`);
      }
      const lines = result.stdout.toString("utf8").split("\n");
      return lines.filter((line) => line !== "").sort();
    },
  };
}
