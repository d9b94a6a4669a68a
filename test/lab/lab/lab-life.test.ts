import { spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { operatorPassword } from "../../../src/lab/image-recipe.ts";
import { type Lab, openLab } from "../../../src/lab/lab.ts";
import { labDown, reapLabs } from "../../../src/lab/lab-down.ts";
import { labList } from "../../../src/lab/lab-list.ts";
import { labUp } from "../../../src/lab/lab-up.ts";
import { type ProgramResult, runProgram } from "../../../src/lab/run-program.ts";
import { hasProgram } from "../../../src/lab/tools.ts";
import { type Problem, ProblemError } from "../../../src/problems/problem.ts";
import { needsLab, testLab } from "../../support/lab.ts";
import { footprint } from "./footprint.ts";

const hasIptables = await hasProgram("iptables");

async function ssh(lab: Lab, machine: string, command: readonly string[], user = "root"): Promise<ProgramResult> {
  return await runProgram(lab.sshArgv(machine, command, user), { timeoutMs: 30_000 });
}

async function problemOf(work: Promise<unknown>): Promise<ProblemError["problem"]> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ProblemError) return error.problem;
  throw new Error("expected a ProblemError", { cause: error });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited a minute in vain for ${what}`);
    await pause(100);
  }
}

/** Runs make-lab.ts and kills it with SIGKILL as soon as it prints a line with `text`. */
async function makeLabAndKillAt(name: string, network: string, text: string): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "make-lab.ts"), name, network], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let seen = "";
  child.stdout.on("data", (bytes: Buffer) => {
    seen += bytes.toString();
    if (seen.includes(text)) child.kill("SIGKILL");
  });
  await new Promise<void>((resolve) => child.once("close", () => resolve()));
  expect(seen).toContain(text);
}

function freshName(start: string): string {
  return `${start}-${randomBytes(3).toString("hex")}`;
}

function freshNetwork(): string {
  return `198.${18 + randomInt(2)}.${randomInt(256)}`;
}

describe("a lab of real machines", () => {
  needsLab(4);

  test("boots Debian with systemd, takes logins, keeps files over a power cut, and leaves nothing behind", async () => {
    const folder = await mkdtemp(join(tmpdir(), "slipway-lab-"));
    const knownHostsFile = join(folder, "known_hosts");
    await writeFile(knownHostsFile, "other.example ssh-ed25519 AAAAkept\n");
    let name: string;
    {
      await using lab = await testLab({ machines: ["a", "b"], name: "life", knownHostsFile });
      name = lab.name;
      expect((await footprint(name)).length).toBeGreaterThan(0);
      expect((await ssh(lab, "a", ["hostname"])).stdout).toBe("a\n");
      await until("a to have started everything", async () => {
        const state = await lab.exec("a", ["systemctl", "is-system-running"], { okExitCodes: [0, 1] });
        return state.stdout === "running\n";
      });
      expect((await ssh(lab, "a", ["sudo", "-n", "id", "-u"], "admin")).stdout).toBe("0\n");
      const asked = await runProgram(lab.sshArgv("a", ["sudo", "-S", "-p", "''", "id", "-u"], "operator"), {
        input: `${operatorPassword}\n`,
      });
      expect(asked.stdout).toBe("0\n");
      expect((await readFile(knownHostsFile, "utf8")).split("\n")).toContainEqual(
        expect.stringMatching(`^${lab.address("a")} ssh-ed25519 `),
      );

      const ids = await Promise.all(
        ["a", "b"].map(async (m) => (await ssh(lab, m, ["cat", "/etc/machine-id"])).stdout),
      );
      expect(new Set(ids).size).toBe(2);
      await ssh(lab, "a", [
        "sh",
        "-c",
        "'echo kept > /root/kept; echo kept > /var/lib/containerd/kept; ip addr add 198.51.100.7/32 dev eth0'",
      ]);
      const group = "for tree in /sys/fs/cgroup/pids /sys/fs/cgroup; do [ -d $tree ] && break; done";
      await lab.exec("a", ["sh", "-c", `${group}; mkdir $tree/of-this-boot`]);
      await lab.powerOff("a");
      expect(await lab.isOn("a")).toBe(false);
      expect((await problemOf(lab.exec("a", ["true"]))).code).toBe("lab/machine-off");
      expect((await labList()).find((one) => one.name === name)?.state).toBe("partly-up");
      await lab.powerOn("a");
      const kept = await ssh(lab, "a", ["cat", "/root/kept", "/var/lib/containerd/kept", "/etc/machine-id"]);
      expect(kept.stdout).toBe(`kept\nkept\n${ids[0]}`);
      expect((await ssh(lab, "a", ["ip", "-4", "-o", "address"])).stdout).not.toContain("198.51.100.7");
      expect((await lab.exec("a", ["sh", "-c", `${group}; ls $tree`])).stdout).not.toContain("of-this-boot");
    }
    expect(await footprint(name)).toEqual([]);
    expect(await readFile(knownHostsFile, "utf8")).toBe("other.example ssh-ed25519 AAAAkept\n");
    expect(await labDown({ name })).toBe("nothing-there");
    await rm(folder, { recursive: true });
  });

  test("a machine that reboots or shuts down by itself behaves as hardware does", async () => {
    await using lab = await testLab({ machines: ["a"], name: "boot" });
    const bootOf = async () => (await lab.exec("a", ["cat", "/proc/sys/kernel/random/boot_id"])).stdout;
    const before = await bootOf();
    await lab.exec("a", ["systemctl", "reboot", "--no-block"]);
    await until("a to have booted again", async () => (await lab.isOn("a")) && (await bootOf()) !== before);
    await lab.powerOn("a");
    expect((await ssh(lab, "a", ["true"])).exitCode).toBe(0);
    await lab.shutDown("a");
    expect(await lab.isOn("a")).toBe(false);
    expect((await footprint(lab.name)).filter((line) => line.startsWith("process"))).toEqual([]);
    await lab.powerOn("a");
    expect((await ssh(lab, "a", ["true"])).exitCode).toBe(0);
  });

  test("a cut network is silent until it is restored, and kernel settings of the network are the machine's own", async () => {
    await using lab = await testLab({ machines: ["a", "b"], name: "net" });
    const reaches = async () => {
      const ping = ["ping", "-c", "1", "-W", "1", lab.address("b")];
      return (await lab.exec("a", ping, { okExitCodes: [0, 1, 2] })).exitCode === 0;
    };
    const carrier = async () => (await lab.exec("b", ["cat", "/sys/class/net/eth0/carrier"])).stdout.trim();
    expect(await reaches()).toBe(true);
    await lab.cutNetwork("b", "switch");
    expect(await carrier()).toBe("1");
    expect(await reaches()).toBe(false);
    await lab.restoreNetwork("b");
    await until("b to be reached again", reaches);
    await lab.cutNetwork("b");
    expect(await carrier()).toBe("0");
    expect(await reaches()).toBe(false);
    await lab.restoreNetwork("b");
    await until("b to be reached again", reaches);
    await lab.exec("a", ["sysctl", "-qw", "net.ipv4.tcp_keepalive_time=1234"]);
    expect((await lab.exec("b", ["sysctl", "-n", "net.ipv4.tcp_keepalive_time"])).stdout).not.toBe("1234\n");
    const swap = await runProgram(lab.sshArgv("a", ["swapoff", "/nowhere"]), { okExitCodes: [4, 8, 16, 32, 64, 255] });
    expect(swap.stderr).toMatch(/superuser|not permitted/i);
    for (const run of [
      lab.exec("a", ["date", "-s", "2020-01-01"], { okExitCodes: [1] }),
      runProgram(lab.sshArgv("a", ["date", "-s", "2020-01-01"]), { okExitCodes: [1] }),
    ]) {
      expect((await run).stderr).toMatch(/not permitted/);
    }
  });

  test.each(["network:", "starting 2 machines", "answers SSH (1 of 2)"])(
    "a run killed at %s is found and cleared by the next one of that name",
    async (text) => {
      const [name, network] = [freshName("killed"), freshNetwork()];
      try {
        await makeLabAndKillAt(name, network, text);
        expect((await footprint(name)).length).toBeGreaterThan(0);
        expect((await labList()).find((one) => one.name === name)?.state).toBe("broken");
        const machines = [{ name: "c", address: `${network}.7` }];
        const lab = await labUp({ name, machines, ephemeral: true });
        expect((await ssh(lab, "c", ["hostname"])).stdout).toBe("c\n");
        expect((await labList()).find((one) => one.name === name)?.machines.map((one) => one.name)).toEqual(["c"]);
      } finally {
        await labDown({ name });
      }
      expect(await footprint(name)).toEqual([]);
    },
  );

  test("a lab whose test was killed is removed by the next test, and one that lost its folder by name", async () => {
    const [name, network] = [freshName("orphan"), freshNetwork()];
    await makeLabAndKillAt(name, network, "made");
    expect((await labList()).find((one) => one.name === name)).toMatchObject({ state: "up", ephemeral: true });
    expect(await reapLabs()).toContain(name);
    expect(await footprint(name)).toEqual([]);

    await makeLabAndKillAt(name, network, "made");
    const { directory } = await openLab(name);
    await rm(directory, { recursive: true, force: true });
    expect(await labDown({ name })).toBe("removed");
    expect(await footprint(name)).toEqual([]);
  });

  test("two labs live side by side, and one in the network of another is refused", async () => {
    await using one = await testLab({ machines: ["a"], name: "one" });
    const two = await testLab({ machines: ["a"], name: "two" });
    try {
      expect((await ssh(one, "a", ["ip", "-4", "-o", "address"])).stdout).toContain(`${one.address("a")}/24`);
      expect((await ssh(two, "a", ["ip", "-4", "-o", "address"])).stdout).toContain(`${two.address("a")}/24`);
      const there = { name: freshName("three"), machines: [{ name: "x", address: one.freeAddress(50) }] };
      expect(await problemOf(labUp({ ...there, ephemeral: true }))).toMatchObject({
        code: "lab/subnet-in-use",
        because: `lab ${one.name} has ${one.subnet}`,
      });
      expect(await footprint(there.name)).toEqual([]);
      const other = { name: two.name, machines: [{ name: "b", address: two.freeAddress(50) }] };
      expect((await problemOf(labUp(other))).code).toBe("lab/already-there");
    } finally {
      await labDown({ name: two.name });
    }
    expect((await ssh(one, "a", ["true"])).exitCode).toBe(0);
    expect((await problemOf(openLab(two.name))).code).toBe("lab/unknown");
  });

  test.skipIf(!hasIptables)(
    "a firewall that drops forwarded packets lets those of the lab through while it is there",
    async () => {
      const script = join(import.meta.dirname, "strict-firewall.ts");
      const { stdout } = await runProgram(["unshare", "--net", "--", process.execPath, script]);
      const { before, during, after } = JSON.parse(stdout);
      expect(during).toHaveLength(before.length + 2);
      expect(during).toContainEqual(expect.stringMatching(/^-A FORWARD -i slw-00000000 .*-j ACCEPT$/));
      expect(during).toContainEqual(expect.stringMatching(/^-A FORWARD -o slw-00000000 .*-j ACCEPT$/));
      expect(after).toEqual(before);
    },
  );

  test("everything a computer lacks is told at once, with what was found and wanted", async () => {
    const script = join(import.meta.dirname, "tell-requirements.ts");
    const weak = ["setpriv", "--bounding-set=-net_admin,-sys_admin", "--", process.execPath, script, "1000000"];
    const problems: Problem[] = JSON.parse((await runProgram(weak)).stdout);
    expect(problems.map(({ code }) => code)).toEqual([
      "lab/missing-capability",
      "lab/not-enough-disk",
      "lab/not-enough-memory",
    ]);
    expect(problems[0]?.because).toContain("missing: CAP_NET_ADMIN, CAP_SYS_ADMIN");
    expect(problems[1]?.because).toMatch(/^found \d+ MiB free, wanted 400000000 MiB$/);
    for (const { hint } of problems) expect(hint?.text).toBeTruthy();
  });

  test("making a lab that is there switches on what is off and changes nothing else", async () => {
    await using lab = await testLab({ machines: ["a", "b"], name: "again" });
    const bootOf = async (m: string) => (await lab.exec(m, ["cat", "/proc/sys/kernel/random/boot_id"])).stdout;
    const [a, b] = await Promise.all([bootOf("a"), bootOf("b")]);
    await lab.powerOff("b");
    await labUp({ name: lab.name, machines: lab.machines, ephemeral: true });
    expect(await bootOf("a")).toBe(a);
    expect(await bootOf("b")).not.toBe(b);
  });
});
