import type { FileHandle } from "node:fs/promises";
import { paddedBytes, type TarMember, tarBlockBytes } from "./tar-header.ts";

/** A member and where its content lies in the archive. */
export interface FoundMember extends TarMember {
  readonly offsetBytes: number;
}

/** An archive is not a tar, or was cut off. */
export class NotATar extends Error {}

/** The most a name or a pax header may take. */
const longestNameBytes = 64 * 1024;

/**
 * Lists an uncompressed tar, ustar, pax or GNU. Only headers are read. Hard links come out as the file they name; other
 * kinds of members are left out. Throws NotATar.
 */
export async function* readTar(file: FileHandle): AsyncGenerator<FoundMember> {
  const files = new Map<string, FoundMember>();
  let offset = 0;
  let longName: string | undefined;
  let longTarget: string | undefined;
  for (;;) {
    const header = await bytesAt(file, offset, tarBlockBytes);
    if (header.every((byte) => byte === 0)) return;
    requireSum(header, offset);
    const sizeBytes = numberAt(header, 124, 12);
    const flag = String.fromCharCode(header[156] ?? 0);
    const content = offset + tarBlockBytes;
    offset = content + paddedBytes(sizeBytes);
    if (flag === "x" || flag === "L" || flag === "K") {
      if (sizeBytes > longestNameBytes) throw new NotATar(`a name of ${sizeBytes} bytes`);
      const text = (await bytesAt(file, content, sizeBytes)).toString("utf8");
      const pax = flag === "x" ? paxRecords(text) : undefined;
      longName = pax?.get("path") ?? (flag === "L" ? text.replace(/\0+$/, "") : longName);
      longTarget = pax?.get("linkpath") ?? (flag === "K" ? text.replace(/\0+$/, "") : longTarget);
      continue;
    }
    const prefix = textAt(header, 257, 5) === "ustar" && header[262] === 0 ? textAt(header, 345, 155) : "";
    const short = textAt(header, 0, 100);
    const name = longName ?? (prefix === "" ? short : `${prefix}/${short}`);
    const target = longTarget ?? textAt(header, 157, 100);
    longName = undefined;
    longTarget = undefined;
    const mode = numberAt(header, 100, 8);
    if (flag === "0" || flag === "\0") {
      const found = { name, type: "file", sizeBytes, mode, offsetBytes: content } as const;
      files.set(name, found);
      yield found;
    } else if (flag === "1") {
      const linked = files.get(target);
      if (linked !== undefined) yield { ...linked, name };
    } else if (flag === "2") {
      yield { name, type: "symlink", sizeBytes: 0, mode, target, offsetBytes: content };
    } else if (flag === "5") {
      yield { name: name.replace(/\/+$/, ""), type: "directory", sizeBytes: 0, mode, offsetBytes: content };
    }
  }
}

/** Exactly these bytes of a file. Throws NotATar where it ends before. */
export async function bytesAt(file: FileHandle, offset: number, count: number): Promise<Buffer> {
  const bytes = Buffer.alloc(count);
  let done = 0;
  while (done < count) {
    const { bytesRead } = await file.read(bytes, done, count - done, offset + done);
    if (bytesRead === 0) throw new NotATar(`it ends after ${offset + done} bytes`);
    done += bytesRead;
  }
  return bytes;
}

function requireSum(header: Buffer, offset: number): void {
  let sum = 0;
  for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 32 : byte;
  if (numberAt(header, 148, 8) !== sum) throw new NotATar(`there is no header at byte ${offset}`);
}

/** Octal, or GNU's base 256 for large ones. */
function numberAt(header: Buffer, offset: number, length: number): number {
  const field = header.subarray(offset, offset + length);
  if (((field[0] ?? 0) & 0x80) !== 0) return field.subarray(length - 6).readUIntBE(0, 6);
  const text = field
    .toString("latin1")
    .replace(/[\0 ].*$/s, "")
    .trim();
  const value = text === "" ? 0 : Number.parseInt(text, 8);
  if (Number.isNaN(value)) throw new NotATar(`"${text}" is not a number`);
  return value;
}

function textAt(header: Buffer, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? length : end).toString("utf8");
}

function paxRecords(text: string): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    const length = Number.parseInt(rest.toString("latin1"), 10);
    if (!(length > 0) || length > rest.length) throw new NotATar("a pax header is cut off");
    const record = rest.subarray(0, length).toString("utf8");
    const equals = record.indexOf("=");
    records.set(record.slice(record.indexOf(" ") + 1, equals), record.slice(equals + 1, -1));
    rest = rest.subarray(length);
  }
  return records;
}
