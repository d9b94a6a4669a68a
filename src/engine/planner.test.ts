import { describe, expect, test } from "vitest";
import { engineRig } from "../../test/support/engine-rig.ts";
import { fileFact, stepId, toyStep } from "../../test/support/toy-steps.ts";
import { ProblemError } from "../problems/problem.ts";
import { checkStep } from "./look.ts";
import { requireUnchanged } from "./plan-check.ts";
import { decodePlan, encodePlan } from "./saved-plan.ts";
import { selectSteps } from "./select-steps.ts";
import type { ClusterStep, HostLook, Look, Vault } from "./step.ts";

const noWait = [{ title: "x", everyMs: 1, withinMs: 1, holds: async () => ({ state: "met" }) as const }] as const;

function clusterStep(id: string, after: readonly string[], check: (look: Look) => Promise<void>): ClusterStep {
  return {
    id: stepId(id),
    title: `Do ${id}`,
    phase: "toy",
    on: "cluster",
    after: after.map(stepId),
    impact: "none",
    async check(look) {
      await check(look);
      return { state: "satisfied", because: "it is so" };
    },
    apply: () => Promise.resolve(),
    verify: noWait,
  };
}

/** Waits that many turns of the event loop. */
async function turns(count: number): Promise<undefined> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const noVault: Vault = {
  read: () => Promise.resolve(undefined),
  list: () => Promise.resolve([]),
  write: () => Promise.resolve(),
  remove: () => Promise.resolve(),
};

describe("a plan", () => {
  test("asks all checks of a host in one round trip, and sends no read twice", async () => {
    const rig = engineRig(["a", "b"], { base: { files: { "/etc/shared": "x" } } });
    const shared = fileFact("/etc/shared");
    const sharing = (id: string, on: string) =>
      toyStep(id, on, [], {
        check: async (look: HostLook) => {
          const [one, two] = await Promise.all([look.fact(shared), look.fact(fileFact("/etc/shared"))]);
          return { state: "satisfied", because: `${one} ${two}` };
        },
      });
    const steps = [toyStep("a1", "a"), toyStep("a2", "a"), sharing("a3", "a"), sharing("a4", "a"), sharing("b1", "b")];
    await rig.plan(steps);
    expect(rig.hosts.host("a").roundTrips).toBe(1);
    expect(rig.hosts.host("a").reads).toHaveLength(3);
    expect(rig.hosts.changeCount()).toBe(0);
  });

  test("asks no more hosts at once than it is told, and every host in the end", async () => {
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const rig = engineRig(names);
    const asking = new Set<string>();
    let most = 0;
    const steps = names.flatMap((name) =>
      ["1", "2"].map((which) =>
        toyStep(`${name}${which}`, name, [], {
          check: async (look: HostLook) => {
            asking.add(name);
            most = Math.max(most, asking.size);
            await look.fact(fileFact("/x"));
            await turns(which === "1" ? 1 : 3);
            if (which === "2") asking.delete(name);
            return { state: "satisfied", because: "it is so" };
          },
        }),
      ),
    );
    const plan = await rig.plan(steps, { hostsAtOnce: 3 });
    expect(most).toBe(3);
    expect(plan.steps.map((one) => one.id)).toEqual(steps.map((one) => one.id));
    expect(rig.hosts.used().map((host) => host.roundTrips)).toEqual(names.map(() => 1));
  });

  test("asks what depends on a slow vault together with what depends on the host's first answers", async () => {
    const slowVault = { ...noVault, read: async () => await turns(20) };
    const rig = engineRig(["a"], { world: { vault: slowVault } });
    const dependsOnVault = toyStep("a1", "a", [], {
      check: async (look: HostLook) => {
        await Promise.all([look.fact(fileFact("/first")), look.vault.read("password")]);
        await look.fact(fileFact("/depends-on-vault"));
        return { state: "satisfied", because: "" };
      },
    });
    const dependsOnHost = toyStep("a2", "a", [], {
      check: async (look: HostLook) => {
        await look.fact(fileFact("/first"));
        await look.fact(fileFact("/depends-on-host"));
        return { state: "satisfied", because: "" };
      },
    });
    await rig.plan([dependsOnVault, dependsOnHost]);
    expect(rig.hosts.host("a").roundTrips).toBe(2);
  });

  test("is made although the vault cannot be read, with the step that needs it refused", async () => {
    const locked = { code: "state/vault-locked", severity: "error", message: "the vault is locked" } as const;
    const rig = engineRig(["a"], {
      world: { vault: { ...noVault, read: () => Promise.reject(new ProblemError(locked)) } },
    });
    const plan = await rig.plan([
      toyStep("a1", "a"),
      clusterStep("c", [], async (look) => {
        await look.vault.read("password");
      }),
    ]);
    expect(plan.steps.map((step) => step.state)).toEqual(["needed", "refused"]);
  });

  test("keeps what a host has said for cluster steps that ask later", async () => {
    const rig = engineRig(["a"]);
    const late = clusterStep("late", [], async (look) => {
      await turns(20);
      await look.factOf(rig.hosts.host("a").host, fileFact("/toy/a1"));
    });
    await rig.plan([toyStep("a1", "a"), late]);
    expect(rig.hosts.host("a").roundTrips).toBe(1);
  });

  test("gives checks a look from which nothing can be changed", async () => {
    const rig = engineRig(["a"]);
    const seen: string[] = [];
    const step = toyStep("one", "a", [], {
      check: (look: HostLook) => {
        for (let at: unknown = look; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
          seen.push(...Reflect.ownKeys(at as object).map(String));
        seen.push(...Reflect.ownKeys(look.vault).map((key) => `vault.${String(key)}`));
        return Promise.resolve({ state: "satisfied", because: "" } as const);
      },
    });
    await checkStep(step, rig.world, new AbortController().signal);
    const allowed = ["constructor", "vault", "signal", "factOf", "now", "fact", "vault.read", "vault.list"];
    expect(seen.filter((key) => !allowed.includes(key))).toEqual([]);
  });

  test("stops asking when it is interrupted", async () => {
    const rig = engineRig(["a", "b"]);
    for (const host of ["a", "b"]) rig.hosts.host(host).fault({ how: "hang" });
    const controller = new AbortController();
    const planning = rig.plan([toyStep("a1", "a"), toyStep("b1", "b")], { signal: controller.signal });
    controller.abort(new Error("the user has had enough"));
    await expect(planning).rejects.toThrow("the user has had enough");
  });

  test("lists a host that cannot be reached and leaves out its steps, and nobody else's", async () => {
    const rig = engineRig(["a", "b"]);
    rig.hosts.host("b").unreachable = true;
    const needsB = clusterStep("all", ["a1"], async (look) => {
      await look.factOf(rig.hosts.host("b").host, fileFact("/x"));
    });
    const plan = await rig.plan([
      toyStep("a1", "a"),
      toyStep("b1", "b"),
      toyStep("b2", "b", [], { check: async () => ({ state: "satisfied", because: "asked nobody" }) }),
      needsB,
    ]);
    expect(plan.unreachable.map((one) => one.host)).toEqual(["b"]);
    expect(plan.steps.map((step) => [step.id, step.state])).toEqual([
      ["a1", "needed"],
      ["all", "refused"],
    ]);
  });

  test("plans a problem met by a check as refused, and throws a bug", async () => {
    const rig = engineRig(["a"]);
    const problem = { code: "host/odd-output", severity: "error", message: "what is this" } as const;
    const odd = toyStep("odd", "a", [], { check: () => Promise.reject(new ProblemError(problem)) });
    const plan = await rig.plan([odd]);
    expect(plan.steps).toMatchObject([
      { state: "refused", problem: { ...problem, where: { step: "odd", host: "a" } } },
    ]);
    const bug = toyStep("bug", "a", [], { check: () => Promise.reject(new TypeError("oops")) });
    await expect(rig.plan([bug, odd])).rejects.toThrow("oops");
  });

  test("has the same digest when it does the same, and another when it does not", async () => {
    const rig = engineRig(["a"]);
    const steps = [toyStep("one", "a"), toyStep("two", "a")];
    const first = await rig.plan(steps);
    rig.clock.advance(60_000);
    const second = await rig.plan(steps.toReversed());
    expect(second.madeAt).not.toBe(first.madeAt);
    expect(second.digest).toBe(first.digest);
    const others = [
      await rig.plan([toyStep("one", "a", [], { content: "else" }), toyStep("two", "a")]),
      await rig.plan(steps, { specDigest: "other" }),
      await rig.plan([toyStep("one", "a")]),
    ];
    for (const other of others) expect(other.digest).not.toBe(first.digest);
  });
});

describe("a saved plan", () => {
  test("is read back as it was, and refused when it was edited, is foreign or of another version", async () => {
    const rig = engineRig(["a"]);
    const plan = await rig.plan([toyStep("one", "a")]);
    const text = encodePlan(plan);
    expect(decodePlan(text, "plan.json")).toEqual(plan);
    const cases = {
      "plan/edited": text.replace('"to": "done"', '"to": "rm -rf"'),
      "plan/other-format": text.replace("plan/v1", "plan/v9"),
      "plan/not-a-plan": text.replace('"needed"', '"sure"'),
    };
    for (const [code, edited] of Object.entries(cases)) {
      expect(edited).not.toBe(text);
      expect(() => decodePlan(edited, "plan.json")).toThrow(code);
    }
    for (const foreign of ["", "[]", "null", "{}", '{"format":1}', "apiVersion: v1"])
      expect(() => decodePlan(foreign, "plan.json")).toThrow("plan/not-a-plan");
  });

  test("is refused when more would be done than it showed, naming step and change, and not when less", async () => {
    const rig = engineRig({ a: { files: { "/toy/two": "done" } } });
    const steps = [toyStep("one", "a"), toyStep("two", "a")];
    const saved = await rig.plan(steps);
    rig.hosts.host("a").files.write("/toy/one", "done");
    requireUnchanged(saved, await rig.plan(steps));
    rig.hosts.host("a").files.remove("/toy/two", false);
    rig.hosts.host("a").files.write("/toy/one", "edited");
    const fresh = await rig.plan(steps, { specDigest: "other" });
    expect(() => requireUnchanged(saved, fresh)).toThrow("plan/changed-since");
    try {
      requireUnchanged(saved, fresh);
    } catch (error) {
      expect((error as ProblemError).problem.because).toBe(
        "the cluster file is another one; one now needs otherwise: update file /toy/one; two was satisfied, now needs: create file /toy/two",
      );
    }
  });
});

describe("a saved plan with hosts missing", () => {
  test("is still what would be done while they are missing, and is not once one more is", async () => {
    const rig = engineRig(["a", "b", "c"]);
    const steps = [toyStep("one", "a"), toyStep("two", "b"), toyStep("three", "c")];
    rig.hosts.host("b").unreachable = true;
    const saved = await rig.plan(steps);
    expect(() => requireUnchanged(saved, saved)).not.toThrow();
    requireUnchanged(saved, await rig.plan(steps));
    rig.hosts.host("c").unreachable = true;
    const fewer = await rig.plan(steps);
    expect(() => requireUnchanged(saved, fewer)).toThrow("plan/changed-since");
    rig.hosts.host("c").unreachable = false;
    rig.hosts.host("b").unreachable = false;
    const more = await rig.plan(steps);
    expect(() => requireUnchanged(saved, more)).toThrow("plan/changed-since");
  });
});

describe("a part of the work", () => {
  const phases = ["first", "second"];
  const steps = [
    toyStep("a1", "a", [], { phase: "first" }),
    toyStep("b1", "b", [], { phase: "first" }),
    { ...clusterStep("join", ["a1", "b1"], () => Promise.resolve()), phase: "first" },
    toyStep("b2", "b", ["join"], { phase: "second" }),
    { ...clusterStep("end", ["b2"], () => Promise.resolve()), phase: "second" },
  ];

  test("is everything up to a phase", () => {
    const { steps: kept, outside } = selectSteps(steps, { phases, through: "first", hosts: ["a", "b"] });
    expect(kept.map((step) => step.id)).toEqual(["a1", "b1", "join"]);
    expect(outside.size).toBe(0);
  });

  test("is the steps of some hosts with the cluster steps they come after", () => {
    const { steps: kept, outside } = selectSteps(steps, { phases, limit: ["b"], hosts: ["a", "b"] });
    expect(kept.map((step) => step.id)).toEqual(["b1", "join", "b2"]);
    expect([...outside.keys()]).toEqual(["a1"]);
  });

  test("is refused when a step that was left out has something to do that a selected one needs", async () => {
    const rig = engineRig(["a", "b"]);
    const all = [toyStep("a1", "a"), toyStep("b1", "b", ["a1"])];
    const { steps: kept, outside } = selectSteps(all, { phases: ["toy"], limit: ["b"], hosts: ["a", "b"] });
    await expect(rig.plan(kept, { outside })).rejects.toMatchObject({
      problem: { code: "usage/left-out-step-needed", hint: { text: expect.stringContaining("add a to --limit") } },
    });
    rig.hosts.host("a").files.write("/toy/a1", "done");
    const plan = await rig.plan(kept, { outside });
    expect(plan.steps).toMatchObject([{ id: "b1", state: "needed" }]);
    expect((await rig.run(kept, plan, { outside })).applied).toBe(1);
  });

  test("is the steps of a saved plan, with what they rest on left out", () => {
    const only = new Set([stepId("join"), stepId("b2")]);
    const { steps: kept, outside } = selectSteps(steps, { phases, only, hosts: ["a", "b"] });
    expect(kept.map((step) => step.id)).toEqual(["join", "b2"]);
    expect([...outside.keys()]).toEqual(["a1", "b1"]);
  });

  test("names phases and hosts that there are not", () => {
    const options = { phases, through: "third", limit: ["z"], hosts: ["a", "b"] };
    try {
      selectSteps(steps, options);
      expect.unreachable();
    } catch (error) {
      expect((error as ProblemError).problems.map((one) => one.code)).toEqual([
        "usage/unknown-phase",
        "usage/unknown-host",
      ]);
    }
  });
});
