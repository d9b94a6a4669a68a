import { closeSync, constants, openSync, readSync, statSync } from "node:fs";

/** Nobody waits longer than this for the other end of a named pipe. Milliseconds. */
const pipeWithinMs = 10_000;
const pauseMs = 10;

/**
 * The bytes of a file the user named, and no more of them than `limitBytes + 1`, which tells that it is too large. Pipes
 * (`<(...)`, named ones) are read to their end; one that nobody writes to is given up after 10 seconds. Throws an Error
 * whose message says why it cannot be read, subject left out.
 */
export function readInput(path: string, limitBytes: number): Buffer {
  let handle: number | undefined;
  try {
    const isPipe = statSync(path).isFIFO();
    // Opening a pipe waits for its writer, for ever if need be, unless told not to.
    handle = openSync(path, constants.O_RDONLY | (isPipe ? constants.O_NONBLOCK : 0));
    const read = isPipe ? readPipe : readSome;
    const chunks: Buffer[] = [];
    for (let left = limitBytes + 1; left > 0; ) {
      const chunk = Buffer.alloc(Math.min(left, 1024 * 1024));
      const size = read(handle, chunk, chunks.length === 0);
      if (size === 0) break;
      chunks.push(chunk.subarray(0, size));
      left -= size;
    }
    return Buffer.concat(chunks);
  } catch (error) {
    throw new Error(reasonOf(error), { cause: error });
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function readSome(handle: number, chunk: Buffer): number {
  return readSync(handle, chunk);
}

/** An empty pipe says "try again" while somebody holds its other end, and "end" when nobody does, or nobody does yet. */
function readPipe(handle: number, chunk: Buffer, isFirst: boolean): number {
  const until = Date.now() + pipeWithinMs;
  for (;;) {
    const size = tryRead(handle, chunk);
    if (size !== undefined && (size > 0 || !isFirst)) return size;
    if (Date.now() > until) throw new Error(`nobody wrote to this pipe for ${pipeWithinMs / 1000} s`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
  }
}

function tryRead(handle: number, chunk: Buffer): number | undefined {
  try {
    return readSync(handle, chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
    throw error;
  }
}

function reasonOf(error: unknown): string {
  const reasons: Record<string, string> = {
    ENOENT: "there is no such file",
    EISDIR: "it is a folder",
    EACCES: "it may not be read by this user",
    ENOTDIR: "a part of its path is not a folder",
    ELOOP: "its symbolic links lead in a circle",
    ENAMETOOLONG: "its name is too long",
    ENXIO: "it is a socket or a device that is not there",
  };
  const { code } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : reasons[code]) ?? (error instanceof Error ? error.message : String(error));
}
