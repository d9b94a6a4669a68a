import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { etcdctl, etcdPkiDir } from "../../src/facts/etcd-layout.ts";
import type { Lab } from "../../src/lab/lab.ts";
import type { Write } from "./writes.ts";

const clientPort = 2379;

/** What a member says of itself; undefined while it does not serve. */
async function statusOf(
  lab: Lab,
  machine: string,
): Promise<{ readonly leads: boolean; readonly index: number } | undefined> {
  if (!(await lab.isOn(machine))) return undefined;
  const healthy = await lab.exec(machine, etcdctl(clientPort, ["endpoint", "health"]), { okExitCodes: [0, 1] });
  if (healthy.exitCode !== 0) return undefined;
  const { stdout } = await lab.exec(machine, etcdctl(clientPort, ["endpoint", "status", "--write-out=json"]));
  const [{ Status: status }] = JSON.parse(stdout);
  return { leads: status.leader === status.header.member_id, index: status.raftAppliedIndex };
}

/** The leader and the others, once every member is healthy and none is far behind; undefined before. */
export async function roles(
  lab: Lab,
  machines: readonly string[],
): Promise<{ readonly leader: string; readonly followers: readonly string[] } | undefined> {
  const found = await Promise.all(machines.map((machine) => statusOf(lab, machine)));
  const indexes = found.flatMap((one) => (one === undefined ? [] : [one.index]));
  if (indexes.length < machines.length || Math.max(...indexes) - Math.min(...indexes) > 1000) return undefined;
  const leader = machines.find((_, index) => found[index]?.leads === true);
  if (leader === undefined) return undefined;
  return { leader, followers: machines.filter((one) => one !== leader) };
}

/** How many keys the writers have left, asked at one member. */
export async function keyCount(lab: Lab, machine: string): Promise<number> {
  const words = ["get", "slipway-bench/", "--prefix", "--limit=1", "--write-out=json"];
  const { stdout } = await lab.exec(machine, etcdctl(clientPort, words, 30));
  return JSON.parse(stdout).count;
}

/** Disposing of it lets the writes that are under way end. */
export interface Writers extends AsyncDisposable {
  /** All that was acknowledged or given up so far. */
  readonly writes: readonly Write[];
}

/** Starts writers against all members, as a process of its own, with the client certificate of the first member's host. */
export async function startWriters(
  lab: Lab,
  machines: readonly string[],
  how: { readonly writers: number; readonly attemptWithinMs: number; readonly writeWithinMs: number },
): Promise<Writers> {
  const read = async (name: string) => (await lab.exec(machines[0] ?? "", ["cat", `${etcdPkiDir}/${name}`])).stdout;
  const [ca, cert, key] = await Promise.all(["ca.crt", "client.crt", "client.key"].map(read));
  const endpoints = machines.map((machine) => `https://${lab.address(machine)}:${clientPort}`);
  const child = spawn(process.execPath, [fileURLToPath(new URL("writer.ts", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify({ ca, cert, key, endpoints, ...how }));
  const writes: Write[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) writes.push(JSON.parse(line));
  });
  const gone = new Promise((resolve) => child.once("close", resolve));
  return {
    writes,
    async [Symbol.asyncDispose]() {
      child.kill();
      await gone;
    },
  };
}
