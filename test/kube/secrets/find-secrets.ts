import type { Lab } from "../../../src/lab/lab.ts";
import { runProgram } from "../../../src/lab/run-program.ts";
import type { MadeSecret } from "./made-secrets.ts";

const found = [0, 1];

/** Names of the secrets that stand anywhere in the files of a folder, but for some of its folders by name. */
export async function secretsInFiles(
  folder: string,
  secrets: readonly MadeSecret[],
  but: readonly string[] = [],
): Promise<readonly string[]> {
  const without = but.map((name) => `--exclude-dir=${name}`);
  const argv = ["grep", "-raoF", ...without, "-f", "-", folder];
  return namesIn((await runProgram(argv, { input: marksOf(secrets), okExitCodes: found })).stdout, secrets);
}

/** The same for everything that is logged in a machine: its journal and its files, containers' among them. */
export async function secretsInLogs(
  lab: Lab,
  machine: string,
  secrets: readonly MadeSecret[],
): Promise<readonly string[]> {
  const marks = "/run/marks";
  const grep = `grep -aoF -f ${marks}`;
  const program = `umask 077; cat > ${marks}; journalctl --no-pager --all -o verbose | ${grep}; ${grep} -r /var/log; rm ${marks}`;
  const { stdout } = await lab.exec(machine, ["sh", "-c", program], { input: marksOf(secrets) });
  return namesIn(stdout, secrets).map((name) => `${name} on ${machine}`);
}

function marksOf(secrets: readonly MadeSecret[]): string {
  return `${secrets.flatMap((secret) => secret.marks).join("\n")}\n`;
}

/** "vault kubernetes/ca.key in run.json" where grep tells the file. */
function namesIn(output: string, secrets: readonly MadeSecret[]): readonly string[] {
  const lines = output.split("\n").filter((line) => line !== "");
  // The same key may be in several places.
  const names = lines.flatMap((line) =>
    secrets.flatMap(({ name, marks }) => {
      const mark = marks.find((one) => line.endsWith(one));
      if (mark === undefined) return [];
      return [line.length === mark.length ? name : `${name} in ${line.slice(0, -mark.length - 1)}`];
    }),
  );
  return [...new Set(names)].sort();
}
