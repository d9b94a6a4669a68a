/** One member of a tar archive, as its header describes it. */
export interface TarMember {
  readonly name: string;
  readonly type: "file" | "directory" | "symlink";
  /** 0 for anything but a file. */
  readonly sizeBytes: number;
  /** Permission bits. */
  readonly mode: number;
  /** Where a symlink points. */
  readonly target?: string;
}

/** Everything in a tar comes in blocks of this size. */
export const tarBlockBytes = 512;
/** Two empty blocks end an archive. */
export const tarEnd = Buffer.alloc(2 * tarBlockBytes);

/** Bytes a member's content takes, filled up to whole blocks. */
export function paddedBytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / tarBlockBytes) * tarBlockBytes;
}

const typeFlags = { file: "0", symlink: "2", directory: "5" } as const;
/** What eleven octal digits hold. */
const largestBytes = 8 * 1024 ** 3 - 1;

/**
 * The header of a member in the POSIX ustar format, with a pax header before it where a name is too long for that.
 * Owner root, time 0: equal content makes equal archives.
 */
export function tarHeader(member: TarMember): Buffer {
  if (member.sizeBytes > largestBytes) throw new Error(`${member.name} is too large for a tar`);
  const parts = splitName(member.name);
  const target = member.target ?? "";
  const records = [
    ...(parts === undefined ? [paxRecord("path", member.name)] : []),
    ...(Buffer.byteLength(target) > 100 ? [paxRecord("linkpath", target)] : []),
  ];
  const header = block({ ...(parts ?? { name: "long", prefix: "" }), flag: typeFlags[member.type] }, member);
  if (records.length === 0) return header;
  const pax = Buffer.concat(records);
  const filled = Buffer.alloc(paddedBytes(pax.length));
  pax.copy(filled);
  const before = block(
    { name: "pax", prefix: "", flag: "x" },
    { sizeBytes: pax.length, mode: 0o644, target: undefined },
  );
  return Buffer.concat([before, filled, header]);
}

function block(
  place: { readonly name: string; readonly prefix: string; readonly flag: string },
  what: { readonly sizeBytes: number; readonly mode: number; readonly target?: string | undefined },
): Buffer {
  const header = Buffer.alloc(tarBlockBytes);
  header.write(place.name, 0, 100);
  header.write(`${octal(what.mode, 7)}\0`, 100);
  header.write(`${octal(0, 7)}\0`, 108);
  header.write(`${octal(0, 7)}\0`, 116);
  header.write(`${octal(what.sizeBytes, 11)}\0`, 124);
  header.write(`${octal(0, 11)}\0`, 136);
  header.write("        ", 148);
  header.write(place.flag, 156);
  if (what.target !== undefined && Buffer.byteLength(what.target) <= 100) header.write(what.target, 157, 100);
  header.write("ustar\x0000", 257);
  header.write("root", 265);
  header.write("root", 297);
  header.write(place.prefix, 345, 155);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}

/** A name of more than 100 bytes may be split at a slash; undefined when that does not help. */
function splitName(name: string): { readonly name: string; readonly prefix: string } | undefined {
  if (Buffer.byteLength(name) <= 100) return { name, prefix: "" };
  for (let at = name.indexOf("/"); at > 0; at = name.indexOf("/", at + 1)) {
    const prefix = name.slice(0, at);
    const rest = name.slice(at + 1);
    if (rest !== "" && Buffer.byteLength(rest) <= 100 && Buffer.byteLength(prefix) <= 155)
      return { name: rest, prefix };
  }
  return undefined;
}

/** "LENGTH key=value\n", where the length counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const body = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(body);
  let length = bytes + String(bytes).length;
  if (bytes + String(length).length !== length) length = bytes + String(length).length;
  return Buffer.from(`${length}${body}`);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
