import { statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Problem } from "../problems/problem.ts";
import type { SshTarget } from "./ssh-target.ts";

/**
 * `ssh/identity-missing` when the identity file of a target cannot be looked at. ssh itself only warns of it, tries every
 * other key it finds, and says in the end that the login was refused.
 */
export function missingIdentity(name: string, { identityFile }: SshTarget): Problem | undefined {
  if (identityFile === undefined) return undefined;
  try {
    // As ssh does: the home of the user database, whatever $HOME says.
    statSync(identityFile.startsWith("~/") ? join(userInfo().homedir, identityFile.slice(2)) : identityFile);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isThere = code !== "ENOENT" && code !== "ENOTDIR";
    return {
      code: "ssh/identity-missing",
      severity: "error",
      message: `${name}: the key to log in with ${isThere ? "cannot be read" : "is not there"}`,
      because: isThere
        ? `ssh.identityFile is ${identityFile}: ${error instanceof Error ? error.message : String(error)}`
        : `ssh.identityFile is ${identityFile}, and there is no such file`,
      hint: {
        text: "name the file of a private key that logs in, or leave it out: then ssh's own settings and agent count",
      },
      where: { host: name },
    };
  }
}
