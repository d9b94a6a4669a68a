import { ownApiServer } from "../../cluster/kube/control-planes.ts";
import { apiServerLogHint } from "../../cluster/kube/kube-problem.ts";
import type { HostAct } from "../../engine/step.ts";
import { containerLog, lastLogLines } from "../../facts/container-log.ts";
import { curlBody, curlExitCodes } from "../../facts/curl-body.ts";
import { type Problem, ProblemError } from "../../problems/problem.ts";
import type { HostSpec } from "../../spec/cluster-spec.ts";
import { pkiFolder } from "./control-plane-layout.ts";

/** Each turn asks for twenty seconds: five minutes in all. */
const turns = 15;
const turnSeconds = 20;
/** Starts over and over: kubelet waits longer each time, so that the third takes more than a minute. */
const tooManyRestarts = 3;

/**
 * Waits until a host's API server says that it is ready; health is told without credentials. Says what it waits for.
 * Throws `kubernetes/api-server-not-ready` with the last words of its log when it ends again and again, or after five
 * minutes.
 */
export async function awaitApiServer(act: HostAct, host: HostSpec): Promise<void> {
  const patience = ["--retry", String(turnSeconds), "--retry-delay", "1", "--retry-max-time", String(turnSeconds)];
  const options = ["--output", "/dev/null", ...patience, "--retry-all-errors", "--cacert", `${pkiFolder}/ca.crt`];
  const argv = curlBody(`${ownApiServer(host).origin}/readyz`, 10, options);
  const log = containerLog("kube-apiserver");
  const first = await act.fact(log);
  for (let turn = 1; turn <= turns; turn += 1) {
    const { exitCode } = await act.change({ kind: "run", argv, okExitCodes: curlExitCodes });
    if (exitCode === 0) return;
    const now = await act.fact(log);
    const before = first?.pod === now?.pod ? (first?.restarts ?? 0) : 0;
    const restarts = (now?.restarts ?? 0) - before;
    const words = now === undefined ? [] : await act.fact(lastLogLines(now, 5));
    const because = restarts === 0 ? "it does not answer yet" : `it was started again ${times(restarts)}`;
    if (restarts >= tooManyRestarts || turn === turns) throw new ProblemError(notReady(host, because, exitCode, words));
    const last = words.at(-1);
    act.say(`waiting for the API server of ${host.name}: ${because}${last === undefined ? "" : `; it says: ${last}`}`);
  }
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function notReady(host: HostSpec, because: string, exitCode: number, lastLines: readonly string[]): Problem {
  const last = lastLines.at(-1);
  return {
    code: "kubernetes/api-server-not-ready",
    severity: "error",
    message: `${host.name}: the API server does not become ready`,
    because: last === undefined ? because : `${because}; its log ends with: ${last}`,
    hint: apiServerLogHint(host.name),
    where: { host: host.name },
    evidence: { command: `curl ${ownApiServer(host).origin}/readyz`, exitCode, lastLines },
  };
}
