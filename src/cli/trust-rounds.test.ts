import { describe, expect, test } from "vitest";
import type { HostName } from "../hosts/port.ts";
import type { HostKeyState } from "../hosts/trust.ts";
import type { Problem } from "../problems/problem.ts";
import { trustInRounds } from "./trust-rounds.ts";

const names = (many: number): HostName[] => Array.from({ length: many }, (_, n) => `w-${n}` as HostName);
const key = (text: string) => ({ type: "ssh-ed25519", fingerprint: `SHA256:${text}`, line: text });
const unknown = (at: string, isJump = false): HostKeyState => ({ state: "unknown", at, isJump, keys: [key(at)] });
const known = (host: string): HostKeyState => ({ state: "trusted", keys: [key(host)] });
const silent = (host: string): Problem => ({
  code: "ssh/unreachable",
  severity: "error",
  message: `${host}: it cannot be reached`,
  where: { host },
});

describe("the host keys of many hosts", () => {
  test("are asked for at once, as many as may be, and answered in the order of the hosts", async () => {
    const hosts = names(200);
    let running = 0;
    let most = 0;
    const asked: string[] = [];
    const recorded = new Set<string>();
    const { results, problems } = await trustInRounds(hosts, {
      atOnce: 64,
      look: async (host) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return recorded.has(host) ? known(host) : unknown(host);
      },
      approve: (host) => {
        asked.push(host);
        recorded.add(host);
        return Promise.resolve(true);
      },
    });
    expect(most).toBe(64);
    expect(asked).toEqual(hosts);
    expect(problems).toEqual([]);
    expect(results.map((one) => [one.host, one.state])).toEqual(hosts.map((host) => [host, "recorded"]));
  });

  test("do not wait for one host that never answers before the others are asked", async () => {
    const hosts = names(20);
    const asked: string[] = [];
    const { results, problems } = await trustInRounds(hosts, {
      atOnce: 64,
      look: async (host) => {
        asked.push(host);
        if (host !== "w-0") return known(host);
        // Answers only once all the others were asked: one after the other this would wait for ever.
        while (asked.length < hosts.length) await new Promise((resolve) => setImmediate(resolve));
        return silent(host);
      },
      approve: () => Promise.reject(new Error("nothing is to be approved")),
    });
    expect(problems).toEqual([silent("w-0")]);
    expect(results).toHaveLength(19);
  });

  test("are told of hosts that are known already, too", async () => {
    const { results } = await trustInRounds(names(1), {
      atOnce: 64,
      look: (host) => Promise.resolve({ state: "trusted", keys: [key("jump"), key(host)] }),
      approve: () => Promise.reject(new Error("nothing is to be approved")),
    });
    expect(results).toEqual([
      { host: "w-0", state: "trusted", fingerprints: ["ssh-ed25519 SHA256:jump", "ssh-ed25519 SHA256:w-0"] },
    ]);
  });

  test("behind one jump host are asked about it once, and about their own after it", async () => {
    const hosts = names(3);
    const recorded = new Set<string>();
    const asked: string[] = [];
    const { results } = await trustInRounds(hosts, {
      atOnce: 64,
      look: (host) => {
        if (!recorded.has("jump")) return Promise.resolve(unknown("jump", true));
        return Promise.resolve(recorded.has(host) ? known(host) : unknown(host));
      },
      approve: (_host, { at }) => {
        asked.push(at);
        recorded.add(at);
        return Promise.resolve(true);
      },
    });
    expect(asked).toEqual(["jump", "w-0", "w-1", "w-2"]);
    expect(results.map(({ state, fingerprints }) => [state, fingerprints.length])).toEqual(
      hosts.map(() => ["recorded", 2]),
    );
  });

  test("that nobody agrees to are not recorded, nor asked for again behind the same jump host", async () => {
    let asked = 0;
    const { results } = await trustInRounds(names(2), {
      atOnce: 64,
      look: () => Promise.resolve(unknown("jump", true)),
      approve: () => {
        asked += 1;
        return Promise.resolve(false);
      },
    });
    expect(asked).toBe(1);
    expect(results.map(({ state }) => state)).toEqual(["not recorded", "not recorded"]);
  });

  test("that stay unknown after they were recorded are given up, and a changed one is a problem", async () => {
    const changed = silent("w-1");
    const { results, problems } = await trustInRounds(names(2), {
      atOnce: 64,
      look: (host) =>
        Promise.resolve(host === "w-0" ? unknown(host) : { state: "changed", at: host, problem: changed }),
      approve: () => Promise.resolve(true),
    });
    expect(results.map(({ state }) => state)).toEqual(["not recorded"]);
    expect(problems).toEqual([changed]);
  });
});
