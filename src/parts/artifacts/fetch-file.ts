import { dirname } from "node:path";
import type { DownloadDigest, Origin } from "../../artifacts/artifact-source.ts";
import type { HostAct } from "../../engine/step.ts";
import type { Fact } from "../../facts/fact.ts";
import { ProblemError } from "../../problems/problem.ts";

const downloadWithinMs = 30 * 60_000;
/** A transfer that gets nowhere for a minute is tried again, and not waited for until all the time is over. */
export const curl = [
  "curl",
  "--fail",
  "--silent",
  "--show-error",
  "--location",
  "--retry",
  "3",
  "--connect-timeout",
  "30",
  "--speed-limit",
  "1024",
  "--speed-time",
  "60",
] as const;
/** What curl ends with when a server does not go on where it was left. https://everything.curl.dev/cmdline/exitcode (2026-11-21) */
const cannotContinue = [22, 33, 36];

/**
 * Puts a file on a host, whole and checked or not at all. One that is there with the right digest is not sent again, a
 * download goes on where it broke off. `passing`: the step removes it again. Answers its SHA-256. Throws
 * `artifact/digest-differs`.
 */
export async function fetchFile(
  act: HostAct,
  origin: Origin,
  path: string,
  mode: number,
  { passing = false }: { readonly passing?: boolean } = {},
): Promise<string> {
  if (origin.kind === "upload") {
    const { localPath, part } = origin;
    await act.change({ kind: "upload", localPath, part, path, mode, passing });
    return part.sha256;
  }
  const wanted = await wantedDigest(act, origin.url, origin.digest);
  const partial = `${path}.partial`;
  if ((await digestOf(act, path)) !== wanted) {
    if ((await digestOf(act, partial)) !== wanted) await download(act, origin.url, partial);
    const found = await digestOf(act, partial);
    if (found !== wanted) {
      await act.change({ kind: "remove", path: partial });
      throw differs(origin.url, found, wanted);
    }
    await act.change({ kind: "run", argv: ["mv", "-f", "--", partial, path] });
  }
  await act.change({ kind: "run", argv: ["chmod", "--", mode.toString(8).padStart(4, "0"), path] });
  return wanted;
}

async function download(act: HostAct, url: string, path: string): Promise<void> {
  // curl's own way to make folders gives them to root alone.
  await act.change({ kind: "run", argv: ["mkdir", "-p", "--", dirname(path)] });
  const get = [...curl, "--output", path];
  const resumed = await act.change({
    kind: "run",
    argv: [...get, "--continue-at", "-", "--", url],
    timeoutMs: downloadWithinMs,
    okExitCodes: [0, ...cannotContinue],
  });
  if (resumed.exitCode === 0) return;
  await act.change({ kind: "remove", path });
  await act.change({ kind: "run", argv: [...get, "--", url], timeoutMs: downloadWithinMs });
}

async function wantedDigest(act: HostAct, url: string, digest: DownloadDigest): Promise<string> {
  if ("sha256" in digest) return digest.sha256;
  const { stdout } = await act.change({
    kind: "run",
    argv: [...curl, "--", digest.published],
  });
  const text = stdout.toString("utf8").trim();
  const found = /^([0-9a-fA-F]{64})(\s|$)/.exec(text)?.[1];
  if (found !== undefined) return found.toLowerCase();
  throw new ProblemError({
    code: "artifact/digest-differs",
    severity: "error",
    message: `${url} cannot be checked`,
    because: `${digest.published} does not begin with a SHA-256 but with ${JSON.stringify(text.slice(0, 40))}`,
    hint: { text: "Look at what the mirror serves" },
  });
}

/** "nothing" when there is no such file. */
async function digestOf(act: HostAct, path: string): Promise<string> {
  const fact: Fact<string> = {
    name: `digest ${path}`,
    reads: [{ kind: "digest", path }],
    parse: ([answer]) => (answer?.kind === "digest" ? answer.sha256 : "nothing"),
  };
  return await act.fact(fact);
}

function differs(url: string, found: string, wanted: string): ProblemError {
  return new ProblemError({
    code: "artifact/digest-differs",
    severity: "error",
    message: `${url} is not the file that was wanted`,
    because: `its SHA-256 is ${found}, wanted ${wanted}`,
    hint: { text: "Look at what the mirror serves, and compare with what the project publishes" },
  });
}
