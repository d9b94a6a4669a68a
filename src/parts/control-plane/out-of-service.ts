import type { Act } from "../../engine/step.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { apiBackend, hostsWith } from "../load-balancer/haproxy-config.ts";
import { haproxyAdminSocket } from "../load-balancer/layout.ts";

/**
 * Sends no new connection to the API server of a host any more, on every load balancer of Slipway's. Connections there
 * are stay: the API server lets go of them itself when it is stopped. Health checks are off meanwhile, because a server
 * that fails them has its connections cut.
 * https://docs.haproxy.org/2.6/management.html#9.3 (2026-11-21)
 */
export async function takeOutOfService(act: Act, spec: ClusterSpec, host: HostSpec): Promise<void> {
  const server = `${apiBackend}/${host.name}`;
  await tellLoadBalancers(act, spec, `disable health ${server}; set server ${server} state drain`);
}

/** The reverse: health first, so that an interrupted return is seen as one that is still drained. */
export async function bringIntoService(act: Act, spec: ClusterSpec, host: HostSpec): Promise<void> {
  const server = `${apiBackend}/${host.name}`;
  await tellLoadBalancers(act, spec, `enable health ${server}; set server ${server} state ready`);
}

async function tellLoadBalancers(act: Act, spec: ClusterSpec, commands: string): Promise<void> {
  if (spec.endpoint.kind === "external") return;
  const balancers = hostsWith(spec, "load-balancer");
  await Promise.all(balancers.map((balancer) => tell(act, balancer, commands)));
}

async function tell(act: Act, balancer: HostSpec, commands: string): Promise<void> {
  const argv = ["socat", "-", `UNIX-CONNECT:${haproxyAdminSocket}`];
  try {
    const result = await act.changeOn(balancer.name, {
      kind: "run",
      argv,
      stdin: `${commands}\n`,
      okExitCodes: [0, 1],
      timeoutMs: 10_000,
    });
    const said = [result.stdout, result.stderr].map((bytes) => bytes.toString("utf8").trim()).join(" ");
    // Who does not run a load balancer now sends nobody anywhere; its own part brings it back.
    if (result.exitCode !== 0) act.say(`the load balancer on ${balancer.name} was not told: ${said}`);
    else if (said.trim() !== "") throw refused(balancer, commands, said);
  } catch (cause) {
    if (!(cause instanceof ProblemError) || !cause.problem.code.startsWith("ssh/")) throw cause;
    act.say(`the load balancer on ${balancer.name} was not told: ${cause.problem.message}`);
  }
}

function refused(balancer: HostSpec, commands: string, said: string): ProblemError {
  return new ProblemError({
    code: "load-balancer/command-refused",
    severity: "error",
    message: `HAProxy on ${balancer.name} did not do as it was told`,
    because: `it says: ${said.trim()}`,
    evidence: { command: commands, exitCode: 0, lastLines: said.trim().split("\n").slice(-5) },
    where: { host: balancer.name },
  });
}
