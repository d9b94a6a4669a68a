import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Ended } from "../../bench/kill/work-folder.ts";
import { releaseIn } from "../../src/artifacts/found-bundle.ts";
import type { ApplyResult } from "../../src/cli/apply-result.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { exitCode } from "../../src/problems/exit-code.ts";
import type { ClusterAdmin } from "../../src/status/cluster-admins.ts";
import type { ClusterStatus } from "../../src/status/cluster-status.ts";
import { everywhere, touched } from "../lab/drift/machine-snapshot.ts";
import { type Mended, seedAndMend, type Watched } from "../lab/drift/seed-and-mend.ts";
import { airGappedCluster } from "../support/air-gapped-cluster.ts";
import { bundleSkipReason, testBundle } from "../support/bundle.ts";
import { labSkipReason } from "../support/lab.ts";
import { holdersOf, type LabCluster } from "../support/lab-cluster.ts";
import { named } from "../support/plan-lines.ts";
import { clusterSnapshot, kubectl } from "./drift/cluster-snapshot.ts";
import { onMachine, rounds, seed } from "./drift/kube-changes.ts";
import { secretsInFiles, secretsInLogs } from "./secrets/find-secrets.ts";
import { keysOfMachines, type MadeSecret, secretsOfVault } from "./secrets/made-secrets.ts";
import { type ProcessList, watchProcesses } from "./secrets/process-list.ts";
import { watchTokens } from "./secrets/token-watch.ts";

// One story on one lab, in this order: each test goes on where the one before it left the machines.

const bundle = testBundle();
const names = bundle?.index.artifacts.map((one) => one.name) ?? [];
const skipReason = bundleSkipReason() ?? lacking(names) ?? (await labSkipReason(7));
const runsEtcd = releaseIn(names, "etcd") !== undefined;

let opened: Promise<LabCluster> | undefined;
const cluster = () => {
  if (bundle === undefined) throw new Error("there is no bundle");
  opened ??= airGappedCluster("kube", bundle);
  return opened;
};
const evidence = await mkdtemp(join(tmpdir(), "slipway-evidence-"));
afterAll(async () => {
  await (await opened)?.[Symbol.asyncDispose]();
  await rm(evidence, { recursive: true });
});

async function slipway(...args: readonly string[]): Promise<Ended> {
  return await (await cluster()).folder.slipway(args);
}

/** What a command prints as JSON; of an apply, which prints what happens too, how it ended. */
async function json<T>(...args: readonly string[]): Promise<T> {
  const { exitCode: code, stdout, stderr } = await slipway(...args, "-o", "json");
  if (stdout === "") throw new Error(`slipway ${args.join(" ")} ended with ${code} and printed nothing: ${stderr}`);
  return JSON.parse(args[0] === "apply" ? (stdout.trimEnd().split("\n").at(-1) ?? "") : stdout);
}

const snapshots = async () => await clusterSnapshot((await cluster()).lab);

const watched: Watched = {
  snapshots,
  plan: async () => await json<Plan>("plan"),
  apply: async () => await slipway("apply", "--yes"),
};

const tokens: MadeSecret[] = [];

describe.skipIf(skipReason !== undefined)(`seven bare machines without a way out ${skipReason ?? ""}`, () => {
  test("become a verified cluster by one apply", async () => {
    const at = await cluster();
    const watched = await watchTokens(at.lab, "cp-1");
    const processes = watchProcesses();
    const result = await json<ApplyResult>("apply", "--yes");
    await writeProcesses("processes.txt", processes);
    tokens.push(...(await watched.stop()));
    expect(result).toMatchObject({ exitCode: exitCode.done, failed: 0, problems: [] });
    console.log(`from bare machines to a verified cluster in ${Math.round(result.durationMs / 1000)} s`);
  });

  test("have nothing left to do", async () => {
    expect(named(await json<Plan>("plan"))).toEqual([]);
  });

  test("are healthy, by status and by Kubernetes itself", async () => {
    const { lab } = await cluster();
    const status = await json<ClusterStatus>("status");
    expect(status).toMatchObject({ health: "healthy", findings: [], unreachable: [] });
    expect(status.kubernetes.apiServers.map((one) => one.state)).toEqual(["ready", "ready", "ready"]);
    expect(status.kubernetes.objects?.nodes.map((one) => one.name).sort()).toEqual([
      "cp-1",
      "cp-2",
      "cp-3",
      "w-1",
      "w-2",
    ]);
    expect(await holdersOf(await cluster())).toHaveLength(1);
    expect(await kubectl(lab, "get", "--raw", "/readyz")).toBe("ok");
    const usage = await kubectl(lab, "top", "nodes", "--no-headers");
    expect(usage.trim().split("\n")).toHaveLength(5);
  });

  test("are left alone by a second apply", async () => {
    const before = await snapshots();
    const again = await json<ApplyResult>("apply", "--yes");
    expect(again).toMatchObject({ run: null, exitCode: exitCode.done, applied: 0, problems: [] });
    expect(everywhere(before, await snapshots(), touched)).toEqual([]);
  });
});

describe.skipIf(skipReason !== undefined)("what the run made secret", () => {
  const secrets = async () => {
    const at = await cluster();
    return [...(await secretsOfVault(at)), ...(await keysOfMachines(at)), ...tokens];
  };

  test("is known: authorities, keys of etcd and Kubernetes, encryption, passwords, a token for every join", async () => {
    const names = new Set((await secrets()).map(({ name }) => name));
    expect([...names]).toEqual(
      expect.arrayContaining([
        runsEtcd ? "vault etcd/ca.key" : "vault kubernetes/etcd-ca.key",
        "vault kubernetes/ca.key",
        "vault kubernetes/encryption-keys",
        "vault kubernetes/sa.key",
        "vault load-balancer/vrrp-password",
        "identity",
        runsEtcd ? "cp-1 /etc/etcd/pki/peer.key" : "cp-1 /etc/kubernetes/pki/etcd/peer.key",
        "cp-3 /etc/kubernetes/pki/apiserver.key",
        "cp-2 /etc/kubernetes/admin.conf",
        expect.stringMatching(/^w-2 \/var\/lib\/kubelet\/pki\/kubelet-client-.*\.pem$/),
        expect.stringMatching(/^w-2 \/var\/lib\/kubelet\/pki\/kubelet-server-.*\.pem$/),
        "bootstrap token",
      ]),
    );
    expect(tokens).toHaveLength(4);
    expect((await secrets()).filter(({ marks }) => marks.length === 0)).toEqual([]);
  });

  test("is in no output, journal, document or event stream, and in no log and no process list of the machines", async () => {
    const { lab, folder } = await cluster();
    for (const args of [["runs", "show"], ["runs", "show", "-o", "json"], ["status"], ["rbac", "can-i"]])
      await slipway(...args);
    const all = await secrets();
    expect(await secretsInFiles(folder.path, all, ["vault", "home"])).toEqual([]);
    expect(await secretsInFiles(evidence, all)).toEqual([]);
    const logged = await Promise.all(lab.machines.map(({ name }) => secretsInLogs(lab, name, all)));
    expect(logged.flat()).toEqual([]);
  });

  test("would have been found there", async () => {
    const { lab, folder } = await cluster();
    const all = await secrets();
    const marks = all.flatMap((secret) => secret.marks);
    const planted = join(evidence, "planted.json");
    const lines = marks.map((mark) => JSON.stringify({ text: `an output with ${mark} in it` }));
    await writeFile(planted, lines.join("\n"));
    const inFiles = await secretsInFiles(evidence, all);
    await rm(planted);
    expect(new Set(inFiles)).toEqual(new Set(all.map(({ name }) => `${name} in ${planted}`)));
    // The vault itself, were it not encrypted, and the key to it beside it.
    expect(await secretsInFiles(folder.path, all)).toEqual([expect.stringContaining("identity in")]);

    const [token] = tokens;
    if (token === undefined) throw new Error("no token was seen");
    const [text = ""] = token.marks;
    await lab.exec("w-2", ["logger", text]);
    // By way of journalctl, and in the journal's own file where it is kept.
    const logged = new Set((await secretsInLogs(lab, "w-2", all)).map((line) => line.replace(/ (in|on) .*/, "")));
    expect([...logged]).toEqual(["bootstrap token"]);
    const processes = watchProcesses();
    await Promise.all([lab.exec("w-2", ["sh", "-c", "sleep 1; true", "sh", text]), processes.look()]);
    await writeProcesses("planted.txt", processes);
    const inProcesses = await secretsInFiles(evidence, all);
    await rm(join(evidence, "planted.txt"));
    expect(inProcesses).toEqual([`bootstrap token in ${join(evidence, "planted.txt")}`]);
  });
});

describe.skipIf(skipReason !== undefined)("drift of Kubernetes", () => {
  describe.each(rounds(bundle?.index.kubernetes ?? "").map((changes, index) => ({ round: index + 1, changes })))(
    "round $round",
    ({ changes }) => {
      let mended: Promise<Mended> | undefined;
      const result = () => {
        mended ??= seedAndMend(watched, async () => await seed(await cluster(), changes));
        return mended;
      };

      test.each(changes)("$title on $on is named, and mended", async ({ on, named: wanted, touched: parts }) => {
        const { plan, whatApplyTouched } = await result();
        expect(drifts(plan)).toEqual(expect.arrayContaining(wanted.map((what) => `${on}: ${what}`)));
        expect(whatApplyTouched).toEqual(expect.arrayContaining(parts.map((what) => `${on}: ${what}`)));
      });

      test("nothing else is named, nothing else is touched, and everything is as before", async () => {
        const { plan, applied, whatApplyTouched, notAsBefore, planAfterwards } = await result();
        expect(drifts(plan)).toEqual(changes.flatMap((one) => one.named.map((what) => `${one.on}: ${what}`)).sort());
        const { exitCode: code, stderr } = applied;
        expect({ code, stderr: code === exitCode.done ? "" : stderr }).toEqual({ code: exitCode.done, stderr: "" });
        // kubeadm keeps a copy of every configuration of a kubelet it replaces.
        const copies = /: file \/etc\/kubernetes\/tmp\//;
        // One that cannot renew its lease while an API server restarts ends by itself, and kubelet starts it again.
        const leads = /: static pod kube-(scheduler|controller)$/;
        const wanted = new Set(changes.flatMap((one) => one.touched.map((what) => `${one.on}: ${what}`)));
        const byApply = whatApplyTouched.filter((line) => wanted.has(line) || !(copies.test(line) || leads.test(line)));
        expect(byApply).toEqual([...wanted].sort());
        // What was issued anew is another certificate than before, and the note of what was placed anew has other times,
        // with fewer digits or more; that they are good is what the empty plan says.
        const anew = /pki\/.*\.(crt|key)$|\/\.slipway$/;
        expect(notAsBefore.filter((line) => !anew.test(line) && !copies.test(line))).toEqual([]);
        expect(named(planAfterwards)).toEqual([]);
      });
    },
  );

  test("what is not Slipway's is left alone, and told by those who are asked", async () => {
    const { lab } = await cluster();
    await onMachine(
      lab,
      "cp-1",
      `kubectl create clusterrolebinding mallory --clusterrole cluster-admin --user mallory &&
       kubectl taint node w-1 example.com/theirs=yes:PreferNoSchedule && kubectl label node w-1 example.com/theirs=yes &&
       kubectl cordon w-2`,
    );
    const before = await snapshots();
    expect(named(await json<Plan>("plan"))).toEqual([]);
    const audit = await slipway("rbac", "audit", "-o", "json");
    const strange = (JSON.parse(audit.stdout) as readonly ClusterAdmin[]).filter((one) => !one.isUsual);
    expect(strange).toMatchObject([{ subject: "User mallory", binding: "ClusterRoleBinding mallory" }]);
    expect(audit.exitCode).toBe(exitCode.unverified);
    const { findings } = await json<ClusterStatus>("status");
    expect(findings.map(({ code, message }) => `${code} ${message}`)).toEqual([
      "kubernetes/node-cordoned w-2: no new pods are put there",
    ]);
    expect(await json<ApplyResult>("apply", "--yes")).toMatchObject({ run: null, exitCode: exitCode.done });
    expect(everywhere(before, await snapshots(), touched)).toEqual([]);
  });
});

/** Why a bundle is not enough for machines without a way out, on one line; undefined when it is. */
function lacking(has: readonly string[]): string | undefined {
  const missing = ["packages/", "/metrics-server:", "/k8s-dns-node-cache:"].filter(
    (one) => !has.some((name) => name.includes(one)),
  );
  return missing.length === 0 ? undefined : `the bundle has nothing named ${missing.join(", ")}`;
}

/** What a plan names but for what the cluster waits for: that suffers from something else the plan names. */
function drifts(plan: Plan): readonly string[] {
  return named(plan)
    .filter((line) => !line.startsWith("cluster: wait for "))
    .map((line) => line.replace(/route [\d.]+\/\d+$/, "route to pods of another node"));
}

async function writeProcesses(name: string, list: ProcessList): Promise<void> {
  const { looks, lines } = await list.stop();
  expect(looks).toBeGreaterThan(0);
  await writeFile(join(evidence, name), lines.join("\n"));
}
