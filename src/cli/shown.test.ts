import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Secret } from "../hosts/secret.ts";
import { SecretMask } from "../state/secret-mask.ts";

const planted = "planted-secret-c0ffee";
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-shown-"));
  vi.resetModules();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** The modules anew: what they know is the process's. */
const load = async () => ({
  ...(await import("./shown.ts")),
  ...(await import("./report-failure.ts")),
  ...(await import("./print-result.ts")),
  ...(await import("../problems/problem.ts")),
});

function printed(stream: NodeJS.WriteStream): () => string {
  const write = vi.spyOn(stream, "write").mockReturnValue(true);
  return () => write.mock.calls.map(([text]) => String(text)).join("");
}

describe("a secret of the run", () => {
  const problem = {
    code: "host/command-failed",
    severity: "error",
    message: `a: ${planted}`,
    because: `found ${planted}`,
    hint: { text: planted, command: `echo ${planted}` },
    evidence: { command: `login ${planted}`, exitCode: 1, lastLines: [`no ${planted}`] },
  } as const;

  test("is printed by no error, not even by a bug, once it was read", async () => {
    const { hideWith, reportFailure, ProblemError } = await load();
    const mask = new SecretMask();
    hideWith(mask.mask);
    mask.learn(new Secret(planted));
    const stderr = printed(process.stderr);
    expect(reportFailure(new ProblemError(problem))).toBe(3);
    expect(reportFailure(new Error(`no such ${planted}`))).toBe(1);
    expect(stderr()).toContain("***");
    expect(stderr()).not.toContain(planted);
  });

  test("is in no result, in no format", async () => {
    const { hideWith, printResult } = await load();
    hideWith((text) => text.replaceAll(planted, "***"));
    const stdout = printed(process.stdout);
    for (const format of ["text", "json", "yaml"] as const)
      printResult({ type: planted.slice(0, 3), problem }, format, (value) => JSON.stringify(value));
    expect(stdout()).toContain("***");
    expect(stdout()).not.toContain(planted);
  });

  test("that a world reads from the vault is hidden after the world was closed", async () => {
    const { reportFailure, ProblemError } = await load();
    const { openCluster } = await import("./open-cluster.ts");
    const { openWorld } = await import("./open-world.ts");
    const file = join(folder, "cluster.yaml");
    writeFileSync(
      file,
      "apiVersion: slipway.dev/v1alpha1\nkind: Cluster\nmetadata: { name: one }\nspec:\n  kubernetes: { version: 1.36.2 }\n  endpoint: { name: api.example.com, external: {} }\n  hosts:\n    - { name: cp-1, address: 10.0.0.1, roles: [control-plane, etcd] }\n",
    );
    vi.stubEnv("SLIPWAY_IDENTITY_FILE", join(folder, "identity.txt"));
    const stderr = printed(process.stderr);
    {
      await using world = openWorld(openCluster(file));
      await world.vault.write("some/secret", new Secret(planted));
    }
    reportFailure(new ProblemError(problem));
    vi.unstubAllEnvs();
    expect(stderr()).not.toContain(planted);
  });
});

describe("the command of a hint", () => {
  const hinted = (command: string) => ({ hint: { text: "do it", command } });

  test.each([
    ["slipway apply --yes", "slipway -f other.yaml apply --yes"],
    ["A=b slipway lab up", "A=b slipway -f other.yaml lab up"],
    ["slipway lab down", "slipway -f other.yaml lab down"],
    ["slipway lab down demo", "slipway lab down demo"],
    ["slipway lab list", "slipway lab list"],
    ["slipway apply -f third.yaml", "slipway apply -f third.yaml"],
    ["slipway plan --help", "slipway plan --help"],
    ["ssh cp-1 slipway apply", "ssh cp-1 slipway apply"],
    ["slipwayer apply", "slipwayer apply"],
  ])("'%s' becomes '%s' when the file is not the default", async (before, after) => {
    const { hintsName, shown } = await load();
    expect(shown([hinted(before)])).toEqual([hinted(before)]);
    hintsName("other.yaml");
    expect(shown([{ deep: hinted(before), at: 5 }])).toEqual([{ deep: hinted(after), at: 5 }]);
    hintsName("cluster.yaml");
    expect(shown(hinted(before))).toEqual(hinted(before));
  });

  test("quotes the file's name", async () => {
    const { hintsName, shown } = await load();
    hintsName("my cluster.yaml");
    expect(shown(hinted("slipway plan"))).toEqual(hinted("slipway -f 'my cluster.yaml' plan"));
  });
});
