import type { HostSession } from "../../src/hosts/port.ts";

/** What an upload says it did: "sent" or "unchanged". */
export async function uploaded(session: HostSession, localPath: string, path: string, mode: number): Promise<string> {
  const { stdout } = await session.change({ kind: "upload", localPath, path, mode });
  return stdout.toString("utf8");
}
