import { describe, expect, test } from "vitest";
import { fakeHosts } from "../../../test/support/fake-hosts.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleSpec } from "../../../test/support/sample-spec.ts";
import { Secret } from "../../hosts/secret.ts";
import { ProblemError } from "../../problems/problem.ts";
import { kubeAsk } from "./kube-ask.ts";
import { kubeList } from "./kube-list.ts";
import { kubeSend } from "./kube-send.ts";

let spec = sampleSpec();

function cluster(initialised = ["cp-1", "cp-2", "cp-3"]) {
  spec = sampleSpec();
  const kubes = { "cp-1": new FakeKube(), "cp-2": new FakeKube(), "cp-3": new FakeKube() };
  const scripts = Object.entries(kubes).map(([name, kube]) => {
    kube.listening = initialised.includes(name);
    return [name, { files: kube.listening ? kube.files : {}, runs: [kube.run] }];
  });
  return { kubes, hosts: fakeHosts({ hosts: Object.fromEntries(scripts) }) };
}

const version = { method: "GET", path: "/version" } as const;
const configMap = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } });
const post = (name: string) =>
  ({ method: "POST", path: "/api/v1/namespaces/default/configmaps", body: JSON.stringify(configMap(name)) }) as const;

async function problemsOf(work: Promise<unknown>): Promise<readonly string[]> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProblemError)) throw error ?? new Error("nothing was thrown");
  return error.problems.map((one) => `${one.code} ${one.message} (${one.because ?? ""})`);
}

describe("questions to the API", () => {
  test("cost one round trip to the first control plane", async () => {
    const { hosts } = cluster();
    const answer = await kubeAsk(lookAt(hosts, "cp-1"), spec, [version, version, version]);
    expect(answer).toMatchObject({ state: "answers", by: "cp-1", replies: [{}, {}, {}] });
    expect(hosts.usage().roundTrips).toBe(1);
  });

  test("go to the others when the first does not answer, or cannot be reached", async () => {
    const { hosts, kubes } = cluster();
    kubes["cp-1"].listening = false;
    expect(await kubeAsk(lookAt(hosts, "cp-1"), spec, [version])).toMatchObject({ state: "answers", by: "cp-2" });
    hosts.host("cp-1").unreachable = true;
    hosts.host("cp-2").unreachable = true;
    expect(await kubeAsk(lookAt(hosts, "cp-1"), spec, [version])).toMatchObject({ state: "answers", by: "cp-3" });
  });

  test("go on with the one that answers, so that a dead host costs its time limit once", async () => {
    const { hosts, kubes } = cluster();
    kubes["cp-1"].listening = false;
    await kubeAsk(lookAt(hosts, "cp-1"), spec, [version]);
    const before = hosts.host("cp-1").roundTrips;
    await kubeAsk(lookAt(hosts, "cp-1"), spec, [version]);
    await kubeSend(actOn(hosts, "cp-1"), spec, [post("a")]);
    expect(hosts.host("cp-1").roundTrips).toBe(before);
  });

  test("find no cluster where kubeadm has not been", async () => {
    const { hosts } = cluster([]);
    expect(await kubeAsk(lookAt(hosts, "cp-1"), spec, [version])).toEqual({ state: "not-initialised" });
  });

  test("find silence where there is a cluster, and say who says what", async () => {
    const { hosts, kubes } = cluster(["cp-1"]);
    kubes["cp-1"].listening = false;
    const answer = await kubeAsk(lookAt(hosts, "cp-1"), spec, [version]);
    expect(answer).toEqual({ state: "silent", because: expect.stringMatching(/^cp-1: .*Failed to connect/) });
  });

  test("go to the others when the first is unable to answer them, and end with its words when all are", async () => {
    const { hosts, kubes } = cluster();
    const withoutEtcd = () => ({ status: 503, body: { reason: "ServiceUnavailable", message: "no etcd" } });
    kubes["cp-1"].intercept = withoutEtcd;
    kubes["cp-2"].intercept = () => ({ status: 401, body: { reason: "Unauthorized" } });
    expect(await kubeAsk(lookAt(hosts, "cp-1"), spec, [version])).toMatchObject({ state: "answers", by: "cp-3" });
    kubes["cp-3"].intercept = withoutEtcd;
    const answer = await kubeAsk(lookAt(hosts, "cp-1"), sampleSpec(), [version]);
    expect(answer).toMatchObject({ by: "cp-1", replies: [{ status: 503 }] });
    expect(await kubeList(lookAt(hosts, "cp-1"), spec, "/api/v1/nodes")).toEqual({
      state: "silent",
      because: expect.stringContaining("503 ServiceUnavailable: no etcd"),
    });
  });

  test("for a list go page by page", async () => {
    const { hosts, kubes } = cluster();
    for (let n = 0; n < 200; n += 1) kubes["cp-1"].put(configMap(`map-${n}`));
    const answer = await kubeList(lookAt(hosts, "cp-1"), spec, "/api/v1/namespaces/default/configmaps");
    expect(answer.state === "answers" && answer.items.length).toBe(200);
    expect(hosts.usage().roundTrips).toBe(3);
  });

  test("for a list begin anew when the list is too old to go on with", async () => {
    const { hosts, kubes } = cluster();
    for (let n = 0; n < 100; n += 1) kubes["cp-1"].put(configMap(`map-${n}`));
    let expired = false;
    kubes["cp-1"].intercept = ({ query }) => {
      if (expired || !query.has("continue")) return undefined;
      expired = true;
      return { status: 410, body: { reason: "Expired", message: "too old" } };
    };
    const answer = await kubeList(lookAt(hosts, "cp-1"), spec, "/api/v1/namespaces/default/configmaps");
    expect(answer.state === "answers" && answer.items.length).toBe(100);
  });
});

describe("changes through the API", () => {
  test("are sent in order and answered in order", async () => {
    const { hosts, kubes } = cluster();
    const replies = await kubeSend(actOn(hosts, "cp-1"), spec, [post("a"), post("b")]);
    expect(replies.map((one) => one.status)).toEqual([201, 201]);
    expect(kubes["cp-1"].changes()).toHaveLength(2);
  });

  test("that are refused are all named, and those behind them are made", async () => {
    const { hosts, kubes } = cluster();
    kubes["cp-1"].put(configMap("a"));
    const work = kubeSend(actOn(hosts, "cp-1"), spec, [post("a"), post("b"), post("a")]);
    const refusal = /^kubernetes\/api-refused .*POST .*configmaps \(409 AlreadyExists: .*already exists\)$/;
    expect(await problemsOf(work)).toEqual([expect.stringMatching(refusal), expect.stringMatching(refusal)]);
    expect(kubes["cp-1"].get({ apiVersion: "v1", kind: "ConfigMap", name: "b", namespace: "default" })).toBeDefined();
  });

  test("whose refusal is expected are answered", async () => {
    const { hosts } = cluster();
    const request = { method: "DELETE", path: "/api/v1/namespaces/default/configmaps/none" } as const;
    expect(await kubeSend(actOn(hosts, "cp-1"), spec, [request], [404])).toMatchObject([{ status: 404 }]);
  });

  test("go through another control plane when the first one does not listen", async () => {
    const { hosts, kubes } = cluster();
    kubes["cp-1"].listening = false;
    await kubeSend(actOn(hosts, "cp-1"), spec, [post("a")]);
    expect(kubes["cp-2"].changes()).toHaveLength(1);
  });

  test("that one is unable to make go through another, with those behind them that may rest on them", async () => {
    const { hosts, kubes } = cluster();
    const apply = (name: string) =>
      ({
        method: "PATCH",
        path: `/api/v1/namespaces/default/configmaps/${name}`,
        body: JSON.stringify(configMap(name)),
        contentType: "application/apply-patch+yaml",
      }) as const;
    kubes["cp-1"].intercept = ({ path }) => {
      if (path.endsWith("/b")) return { status: 429, body: { reason: "TooManyRequests" } };
      return path.endsWith("/c") ? { status: 404, body: { reason: "NotFound" } } : undefined;
    };
    const replies = await kubeSend(actOn(hosts, "cp-1"), spec, [apply("a"), apply("b"), apply("c"), apply("d")]);
    expect(replies.map((one) => one.status)).toEqual([201, 201, 201, 201]);
    expect(kubes["cp-2"].changes().map((one) => one.at(-1))).toEqual(["b", "c"]);
  });

  test("that all are unable to make are said to be that, and not refused", async () => {
    const { hosts, kubes } = cluster();
    for (const kube of Object.values(kubes))
      kube.intercept = () => ({ status: 503, body: { reason: "ServiceUnavailable", message: "no etcd" } });
    const problems = await problemsOf(kubeSend(actOn(hosts, "cp-1"), spec, [post("a")]));
    expect(problems).toEqual([expect.stringMatching(/^kubernetes\/api-unable .*503 ServiceUnavailable: no etcd/)]);
    // It may have been made all the same.
    expect(kubes["cp-2"].requests).toEqual([]);
  });

  test("that may have arrived are not sent twice when that would make two", async () => {
    const { hosts, kubes } = cluster();
    hosts.host("cp-1").fault({ how: "disconnect", when: "after" });
    const problems = await problemsOf(kubeSend(actOn(hosts, "cp-1"), spec, [post("a")]));
    expect(problems).toEqual([expect.stringMatching(/^kubernetes\/api-silent .*\(cp-1: /)]);
    expect(kubes["cp-2"].requests).toEqual([]);
  });

  test("of a secret say nothing of it when they are refused", async () => {
    const { hosts, kubes } = cluster();
    kubes["cp-1"].intercept = () => ({ status: 422, body: { reason: "Invalid", message: "planted-value is bad" } });
    const request = { ...post("a"), body: new Secret('{"kind":"Secret","data":"planted-value"}') };
    const problems = await problemsOf(kubeSend(actOn(hosts, "cp-1"), spec, [request]));
    expect(problems.join()).toContain("422 Invalid");
    expect(problems.join()).not.toContain("planted-value");
  });
});
