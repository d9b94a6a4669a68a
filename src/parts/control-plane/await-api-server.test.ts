import { expect, test } from "vitest";
import type { FakeCall } from "../../../test/support/fake-host-script.ts";
import { fakeHosts } from "../../../test/support/fake-hosts.ts";
import { actOn } from "../../../test/support/host-look.ts";
import { sampleHost } from "../../../test/support/sample-spec.ts";
import { ProblemError } from "../../problems/problem.ts";
import { awaitApiServer } from "./await-api-server.ts";

const host = sampleHost("cp-1", "10.0.0.11", ["control-plane"]);
const words = [
  "2026-11-21T15:00:00.1Z stderr F I1121 options.go:238] external host was not specified",
  "2026-11-21T15:00:00.2Z stderr F Error: unknown flag: --not-a-flag",
];

/** A host whose API server is started again so often from one turn to the next, and is ready after `readyAfter` turns. */
function world(startsPerTurn: number, readyAfter = Number.POSITIVE_INFINITY) {
  let turn = 0;
  const curl = () => {
    turn += 1;
    return { exitCode: turn > readyAfter ? 0 : 7 };
  };
  const find = () => {
    const starts = turn * startsPerTurn;
    const files = [starts - 1, starts].filter((one) => one >= 0);
    return files
      .map((n) => `1763.${n} /var/log/pods/kube-system_kube-apiserver-cp-1_abc/kube-apiserver/${n}.log\n`)
      .join("");
  };
  const tail = ({ argv }: FakeCall) => (argv.at(-1)?.startsWith("/var/log/pods/") ? `${words.join("\n")}\n` : "");
  const hosts = fakeHosts({
    hosts: {
      "cp-1": {
        runs: [
          { argv: ["curl"], answer: curl },
          { argv: ["find", "/var/log/pods"], answer: find },
          { argv: ["tail", "-n", "5"], answer: tail },
        ],
      },
    },
  });
  const said: string[] = [];
  const act = { ...actOn(hosts, "cp-1"), say: (text: string) => said.push(text) };
  return { said, turns: () => turn, wait: () => awaitApiServer(act, host) };
}

test("an API server that becomes ready is waited for, and what keeps it is said meanwhile", async () => {
  const { said, wait, turns } = world(0, 2);
  await wait();
  expect(turns()).toBe(3);
  expect(said).toEqual(
    Array(2).fill(
      "waiting for the API server of cp-1: it does not answer yet; it says: Error: unknown flag: --not-a-flag",
    ),
  );
});

test("one that ends again and again is given up long before the time is over, with the last words of its log", async () => {
  const { wait, turns } = world(1);
  const error: unknown = await wait().catch((cause: unknown) => cause);
  expect(turns()).toBe(3);
  expect(error).toBeInstanceOf(ProblemError);
  expect(error instanceof ProblemError && error.problem).toMatchObject({
    code: "kubernetes/api-server-not-ready",
    because: "it was started again 3 times; its log ends with: Error: unknown flag: --not-a-flag",
    evidence: { lastLines: [expect.stringContaining("options.go"), "Error: unknown flag: --not-a-flag"] },
  });
});

test("one that never answers is given up after five minutes", async () => {
  const { wait, turns } = world(0);
  await expect(wait()).rejects.toBeInstanceOf(ProblemError);
  expect(turns()).toBe(15);
});
