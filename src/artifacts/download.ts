import { createHash } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { ProblemError } from "../problems/problem.ts";
import type { DownloadDigest } from "./artifact-source.ts";
import type { StagedFile } from "./image-archive-writer.ts";

/** What downloads go through; a test's own, or Node's. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** How often a download goes on after it broke off. */
const tries = 4;
/** A digest file is a line, a few hundred lines at most. */
const largestDigestFile = 1024 * 1024;

/**
 * Downloads a file to this computer and checks it. A transfer that breaks off is gone on with where it was. Throws
 * `artifact/not-downloaded` and `artifact/digest-differs`.
 */
export async function download(
  fetched: Fetch,
  url: string,
  digest: DownloadDigest,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<StagedFile> {
  const wanted = "sha256" in digest ? digest.sha256 : await publishedDigest(fetched, digest.published, url);
  const staged = await transfer(fetched, url, path, headers);
  if (staged.sha256 === wanted) return staged;
  await rm(path, { force: true });
  throw new ProblemError({
    code: "artifact/digest-differs",
    severity: "error",
    message: `${url} is not the file that was wanted`,
    because: `its SHA-256 is ${staged.sha256}, wanted ${wanted}`,
    hint: { text: "Look at what the mirror serves, and compare with what the project publishes" },
  });
}

async function transfer(
  fetched: Fetch,
  url: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<StagedFile> {
  const hash = createHash("sha256");
  const file = await open(path, "w", 0o644);
  let done = 0;
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        const range = done === 0 ? {} : { range: `bytes=${done}-` };
        const response = await answerOf(fetched, url, { headers: { ...headers, ...range } });
        if (done > 0 && response.status !== 206)
          throw notDownloaded(url, "the server does not go on where it was left");
        for await (const chunk of response.body ?? []) {
          await writeWhole(file, chunk, done);
          hash.update(chunk);
          done += chunk.length;
        }
        return { path, sha256: hash.digest("hex"), sizeBytes: done };
      } catch (error) {
        if (error instanceof ProblemError || attempt === tries) throw asProblem(url, error);
      }
    }
  } finally {
    await file.close();
  }
}

/** All of a piece: one write may take less, on a disk that is nearly full. */
async function writeWhole(file: FileHandle, piece: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    done += (await file.write(piece, done, piece.length - done, at + done)).bytesWritten;
  }
}

async function publishedDigest(fetched: Fetch, from: string, url: string): Promise<string> {
  const response = await answerOf(fetched, from, {});
  const text = (await response.text()).slice(0, largestDigestFile);
  const name = new URL(url).pathname.split("/").at(-1) ?? "";
  const lines = text.split("\n");
  const line = lines.find((one) => one.trimEnd().endsWith(name)) ?? lines[0] ?? "";
  const found = /^([0-9a-fA-F]{64})(\s|$)/.exec(line.trim())?.[1];
  if (found !== undefined) return found.toLowerCase();
  throw notDownloaded(url, `${from} does not name its SHA-256 but begins with ${JSON.stringify(text.slice(0, 40))}`);
}

/** The answer, or `artifact/not-downloaded`. */
export async function answerOf(fetched: Fetch, url: string, init: RequestInit): Promise<Response> {
  const response = await fetched(url, init).catch((error: unknown) => {
    throw asProblem(url, error);
  });
  if (response.ok) return response;
  await response.body?.cancel();
  throw notDownloaded(url, `the server answers ${response.status} ${response.statusText}`.trimEnd());
}

function asProblem(url: string, error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return notDownloaded(url, `${error instanceof Error ? error.message : String(error)}${cause}`);
}

export function notDownloaded(url: string, because: string): ProblemError {
  return new ProblemError({
    code: "artifact/not-downloaded",
    severity: "error",
    message: `${url} cannot be downloaded`,
    because,
    hint: { text: "Run it where the internet or the mirror is reached, or give what you have with --from-dir" },
  });
}
