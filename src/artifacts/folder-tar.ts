import { createReadStream } from "node:fs";
import { lstat, readdir, readlink, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { filling } from "./image-archive-writer.ts";
import { type TarMember, tarEnd, tarHeader } from "./tar-header.ts";

/** A member of a tar that is made, and where its bytes are on this computer. */
export interface LocalMember extends TarMember {
  /** Files only. */
  readonly localPath?: string;
}

/**
 * Everything below a folder, in a fixed order, names relative to it. Symbolic links stay links; a file that has several
 * names is taken whole for each, because a link between members is easily broken by whoever unpacks only some.
 */
export async function folderMembers(folder: string, under = ""): Promise<readonly LocalMember[]> {
  const members: LocalMember[] = [];
  const entries = await readdir(folder);
  for (const entry of entries.sort()) {
    const localPath = join(folder, entry);
    const name = posix.join(under, entry);
    const found = await lstat(localPath);
    const mode = found.mode & 0o7777;
    if (found.isSymbolicLink()) {
      members.push({ name, type: "symlink", sizeBytes: 0, mode: 0o777, target: await readlink(localPath) });
    } else if (found.isDirectory()) {
      members.push({ name, type: "directory", sizeBytes: 0, mode }, ...(await folderMembers(localPath, name)));
    } else if (found.isFile()) {
      members.push({ name, type: "file", sizeBytes: found.size, mode, localPath });
    }
  }
  return members;
}

/** A file under a name of its own; symbolic links are followed. */
export async function fileMember(localPath: string, name: string): Promise<LocalMember> {
  const found = await stat(localPath);
  return { name, type: "file", sizeBytes: found.size, mode: found.mode & 0o7777, localPath };
}

/** The bytes of an uncompressed tar of these members. */
export async function* tarOf(members: readonly LocalMember[]): AsyncGenerator<Buffer> {
  for (const member of members) {
    yield tarHeader(member.type === "directory" ? { ...member, name: `${member.name}/` } : member);
    if (member.localPath === undefined) continue;
    let sent = 0;
    for await (const chunk of createReadStream(member.localPath, { highWaterMark: 1024 * 1024 })) {
      const piece = chunk as Buffer;
      sent += piece.length;
      yield piece;
    }
    if (sent !== member.sizeBytes) throw new Error(`${member.localPath} changed while it was read`);
    yield filling(member.sizeBytes);
  }
  yield tarEnd;
}
