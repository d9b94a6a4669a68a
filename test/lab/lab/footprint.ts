import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hierarchies, processesIn } from "../../../src/lab/control-groups.ts";
import { labDirectory, labTag } from "../../../src/lab/lab-paths.ts";
import { runProgram } from "../../../src/lab/run-program.ts";

/** Everything this computer has that belongs to a lab, as one line each; empty when there is nothing of it. */
export async function footprint(lab: string): Promise<readonly string[]> {
  const tag = labTag(lab);
  const about = (text: string) =>
    text.split("\n").filter((line) => line.includes(tag) || line.includes(labDirectory(lab)));
  const lines = [
    ...about(await readFile("/proc/self/mountinfo", "utf8")).map((line) => `mount ${line}`),
    ...about((await runProgram(["ip", "-o", "link"])).stdout).map((line) => `link ${line}`),
    ...about((await runProgram(["ip", "-4", "-o", "address"])).stdout).map((line) => `address ${line}`),
    ...about((await runProgram(["nft", "list", "tables"])).stdout).map((line) => `table ${line}`),
    ...about((await runProgram(["ip", "netns", "list"])).stdout).map((line) => `namespace ${line}`),
    ...(await processesIn(tag)).map((pid) => `process ${pid}`),
  ];
  for (const { path } of await hierarchies()) {
    if ((await readdir(path)).includes(tag)) lines.push(`control group ${join(path, tag)}`);
  }
  for (const folder of [labDirectory(lab), "/run/systemd/nspawn"]) {
    const entries = await readdir(folder, { recursive: true }).catch(() => []);
    const ours = entries.filter((entry) => folder === labDirectory(lab) || entry.includes(tag));
    if (ours.length > 0) lines.push(`folder ${folder}: ${ours.length} entries`);
  }
  return lines;
}
