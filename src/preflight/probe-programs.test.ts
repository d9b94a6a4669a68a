import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Interpreter } from "../facts/interpreter.ts";
import { interpreter } from "../facts/interpreter.ts";
import { tcpReach } from "../facts/tcp-reach.ts";
import type { CommandResult } from "../hosts/port.ts";
import { fsyncLatency, fsyncMeasurement, meanLatency, meanMeasurement } from "./fsync-measurement.ts";

/** Runs a command on this computer as a host would. */
function onThisComputer(argv: readonly string[]): CommandResult {
  const [command = "", ...rest] = argv;
  const { status, stdout, stderr } = spawnSync(command, rest, { env: { ...process.env, LC_ALL: "C" } });
  return {
    kind: "result",
    exitCode: status ?? 127,
    stdout: stdout ?? Buffer.alloc(0),
    stderr: stderr ?? Buffer.alloc(0),
    truncated: false,
    durationMs: 1,
  };
}

function argvOf(asked: { readonly kind: string; readonly argv?: readonly string[] } | undefined): readonly string[] {
  if (asked?.kind !== "run" || asked.argv === undefined) throw new TypeError("not a command");
  return asked.argv;
}

const languages: readonly Interpreter[] = [
  { language: "perl", command: "perl" },
  { language: "python", command: "python3" },
];

/** The programs that are sent to hosts, run by the interpreters of this computer. */
describe.each(languages)("in $language", (by) => {
  const isMissing = onThisComputer([by.command, by.language === "perl" ? "-e1" : "-c1"]).exitCode !== 0;
  let folder: string;
  let server: Server;
  let port = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "slipway-probe-"));
    server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new TypeError("no port");
    port = address.port;
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
    server.close();
  });

  test.skipIf(isMissing)("the interpreter is found by its own question", () => {
    const answers = interpreter.reads.map((read) => onThisComputer(argvOf(read)));
    expect(interpreter.parse(answers)).toBeDefined();
  });

  test.skipIf(isMissing)("tells an open port from a refused one", () => {
    const fact = tcpReach(by, [
      { host: "127.0.0.1", port },
      { host: "127.0.0.1", port: 1 },
      { host: "127.0.0.1", port },
    ]);
    const reaches = fact.parse(fact.reads.map((read) => onThisComputer(argvOf(read))));
    expect(reaches).toEqual([{ state: "open" }, { state: "refused" }, { state: "open" }]);
  });

  test.skipIf(isMissing)("answers for each of several hundred connections", () => {
    const targets = Array.from({ length: 300 }, () => ({ host: "127.0.0.1", port }));
    const fact = tcpReach(by, targets);
    const reaches = fact.parse(fact.reads.map((read) => onThisComputer(argvOf(read))));
    expect(reaches).toHaveLength(300);
    expect(reaches.every((one) => one.state === "open")).toBe(true);
  });

  test.skipIf(isMissing)("times writes and leaves nothing in the folder", () => {
    const latency = fsyncLatency(onThisComputer(argvOf(fsyncMeasurement(by, folder))));
    if (latency.kind !== "percentiles") throw new TypeError("percentiles are expected");
    expect(latency.writes).toBeGreaterThan(0);
    expect(latency.p50Ms).toBeGreaterThan(0);
    expect(latency.p99Ms).toBeGreaterThanOrEqual(latency.p50Ms);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.skipIf(isMissing)("ends with an error where it cannot write", () => {
    const result = onThisComputer(argvOf(fsyncMeasurement(by, join(folder, "none"))));
    expect(result.exitCode).not.toBe(0);
    expect(result.stderr.toString()).toContain("No such file or directory");
  });
});

describe("without an interpreter", () => {
  test("dd's summary gives the mean", () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-probe-"));
    const latency = meanLatency(onThisComputer(argvOf(meanMeasurement(join(folder, "file")))));
    rmSync(folder, { recursive: true });
    expect(latency).toMatchObject({ kind: "mean", writes: 300 });
  });
});

describe("fsyncLatency", () => {
  const printed = (text: string): CommandResult => ({ ...onThisComputer(["true"]), stdout: Buffer.from(text) });

  test("takes the value that 99 of 100 writes stay within", () => {
    const micros = Array.from({ length: 100 }, (_, at) => (at + 1) * 1000);
    expect(fsyncLatency(printed(micros.join("\n")))).toEqual({
      kind: "percentiles",
      writes: 100,
      p50Ms: 50,
      p99Ms: 99,
    });
  });

  test.each(["", "fast\n", "12\n-3\n"])("does not take %j for a measurement", (text) => {
    expect(() => fsyncLatency(printed(text))).toThrow("host/output-not-understood");
  });
});
