import { ProblemError } from "../problems/problem.ts";

const reasons: Readonly<Record<string, { because: string; hint: string }>> = {
  ENOSPC: { because: "the disk is full", hint: "make room on this disk, then run the same command again" },
  EDQUOT: { because: "the disk quota is used up", hint: "make room within the quota, then run the same command again" },
  ENOENT: { because: "there is no such folder", hint: "make the folder it is to be in" },
  EROFS: { because: "the file system is read-only", hint: "use a folder that can be written to" },
  EACCES: {
    because: "permission is denied",
    hint: "see who owns this folder; it belongs to the user who runs Slipway",
  },
  EPERM: { because: "permission is denied", hint: "see who owns this folder; it belongs to the user who runs Slipway" },
};

/** `state/cannot-write` for a system error; anything else is handed back as it is, to be reported as a bug. */
export function writeProblem(path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const known = reasons[error.code];
  return new ProblemError(
    {
      code: "state/cannot-write",
      severity: "error",
      message: `${path}: cannot be written`,
      because: known?.because ?? error.message,
      ...(known !== undefined && { hint: { text: known.hint } }),
    },
    { cause: error },
  );
}

/** `state/cannot-read` for a system error; anything else is handed back as it is, to be reported as a bug. */
export function readProblem(path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const because = {
    EACCES: "permission is denied",
    EPERM: "permission is denied",
    ENOTDIR: notAFolder,
    EISDIR: aFolder,
  };
  return new ProblemError(
    {
      code: "state/cannot-read",
      severity: "error",
      message: `${path}: cannot be read`,
      because: Object.entries(because).find(([code]) => code === error.code)?.[1] ?? error.message,
      hint: { text: "see what is there and who owns it; it belongs to the user who runs Slipway" },
    },
    { cause: error },
  );
}

const notAFolder = "a part of its path is a file, not a folder";
const aFolder = "it is a folder, not a file";

/** True for an error of the file system with its code: "ENOENT". */
function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string" && "syscall" in error;
}

/** True when there is no such file or folder. */
export function isMissing(error: unknown): boolean {
  return isSystemError(error) && error.code === "ENOENT";
}
