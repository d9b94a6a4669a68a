import { readdir, readFile } from "node:fs/promises";

/** Every command line and environment that was seen, of this computer and of every machine of a lab on it. */
export interface ProcessList {
  /** One more look, at once. */
  look(): Promise<void>;
  /** How many looks there were, and everything that was seen, a line each. */
  stop(): Promise<{ readonly looks: number; readonly lines: readonly string[] }>;
}

const everyMs = 200;

/** Begins to look at the processes five times a second: those of machines are processes of this computer too. */
export function watchProcesses(): ProcessList {
  const seen = new Set<string>();
  let looks = 0;
  const look = async () => {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const files = pids.flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`]);
    for (const text of await Promise.all(files.map(textOf))) seen.add(text);
    looks += 1;
  };
  const over = new AbortController();
  const going = (async () => {
    while (!over.signal.aborted) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  return {
    look,
    async stop() {
      over.abort();
      await going;
      return { looks, lines: [...seen] };
    },
  };
}

const silent = new Set(["ENOENT", "ESRCH", "EACCES"]);

/** A process that has ended in the meantime has nothing more to say; one nobody may look at is not a machine's. */
async function textOf(path: string): Promise<string> {
  try {
    return (await readFile(path, "latin1")).replaceAll("\0", " ");
  } catch (error) {
    if (error instanceof Error && "code" in error && silent.has(String(error.code))) return "";
    throw error;
  }
}
