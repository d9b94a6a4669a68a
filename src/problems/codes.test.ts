import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { preflightNames } from "../preflight/preflight-checks.ts";
import { problemCodes } from "./codes.ts";

const areas = [...new Set(Object.keys(problemCodes).map((code) => code.slice(0, code.indexOf("/"))))];
const source = join(import.meta.dirname, "..");
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.startsWith(join("problems", "codes")))
  .map((file) => readFileSync(join(source, file), "utf8"));

function literals(): Set<string> {
  const pattern = new RegExp(`["\`]((?:${areas.join("|")})/[a-z0-9]+(?:-[a-z0-9]+)*)["\`]`, "g");
  return new Set(files.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? "")));
}

/** Codes made from a name: `preflight/${check}`, `lab/${name}`. */
function composed(): Set<string> {
  const union = /export type LabProblemName =([^;]+);/.exec(
    files.find((text) => text.includes("type LabProblemName")) ?? "",
  );
  const lab = [...(union?.[1] ?? "").matchAll(/"([a-z-]+)"/g)].map((match) => `lab/${match[1]}`);
  return new Set([...lab, ...preflightNames.map((name) => `preflight/${name}`), "preflight/downgrades"]);
}

/** Texts of the same form that are names of something else. */
const notCodes = new Set([
  "plan/v1",
  "etcd/ca",
  "etcd/ca.key",
  "etcd/server",
  "etcd/peer",
  "etcd/healthcheck-client",
  "kubernetes/ca",
  "kubernetes/encryption-keys",
  "kubernetes/encryption-rotation",
  "kubernetes/etcd-ca",
  "kubernetes/front-proxy-ca",
]);

describe("problem codes", () => {
  test("are all listed", () => {
    const used = [...literals(), ...composed()].filter((code) => !notCodes.has(code));
    expect(used.filter((code) => !(code in problemCodes)).sort()).toEqual([]);
  });

  test("are all used", () => {
    const used = new Set([...literals(), ...composed()]);
    expect(Object.keys(problemCodes).filter((code) => !used.has(code))).toEqual([]);
  });

  test("say what they mean in whole sentences", () => {
    const odd = Object.entries(problemCodes).filter(([, text]) => !/^[A-Z'-].*\.$/s.test(text) && !/^[a-z]/.test(text));
    expect(odd).toEqual([]);
  });
});
