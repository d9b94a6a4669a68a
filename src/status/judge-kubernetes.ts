import { apiServerLogHint } from "../cluster/kube/kube-problem.ts";
import type { KubeStatus } from "../cluster/kube/kube-status.ts";
import type { Hint, Problem } from "../problems/problem.ts";

/** What of Kubernetes does not run as it should. Before kubeadm has been anywhere nobody misses it. */
export function judgeKubernetes({ apiServers, objects }: KubeStatus): readonly Problem[] {
  if (apiServers.every((one) => one.state === "absent" || one.state === "unknown")) return [];
  const unready = apiServers.filter((one) => one.state === "not-ready" || one.state === "silent");
  const problems = unready.map((one): Problem => {
    const message = `${one.host}: the API server is not ready`;
    return {
      ...problem("kubernetes/api-server-not-ready", message, one.because ?? one.state, apiServerLogHint(one.host)),
      where: { host: one.host },
    };
  });
  for (const { name, notReady } of objects?.nodes ?? []) {
    if (notReady === undefined) continue;
    const hint = { text: `see its kubelet on ${name}`, command: "journalctl -u kubelet -n 50" };
    problems.push(problem("kubernetes/node-not-ready", `node ${name} is not Ready`, notReady, hint));
  }
  for (const { name, notReady } of objects?.workloads ?? []) {
    if (notReady === undefined) continue;
    const hint = { text: "see its pods", command: "kubectl get pods -A -o wide" };
    problems.push(problem("kubernetes/workload-not-ready", `${name} is not ready`, notReady, hint));
  }
  const cordoned = (objects?.nodes ?? []).filter((one) => one.cordoned).map((one) => one.name);
  if (cordoned.length > 0) {
    const hint = { text: "let it take pods again", command: `kubectl uncordon ${cordoned.join(" ")}` };
    const because = "somebody, or a drain that did not end well, has cordoned it";
    const message = `${cordoned.join(", ")}: no new pods are put there`;
    problems.push({ ...problem("kubernetes/node-cordoned", message, because, hint), severity: "warning" });
  }
  return problems;
}

function problem(code: Problem["code"], message: string, because: string, hint: Hint): Problem {
  return { code, severity: "error", message, because, hint };
}
