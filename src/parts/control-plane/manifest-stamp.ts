/** From what a manifest was made, and what came out, both as SHA-256. */
export interface ManifestStamp {
  readonly inputs: string;
  readonly manifest: string;
}

/** Lines of "inputs manifest name". A line that is none is as good as absent: the manifest is then made anew. */
export function parseManifestStamp(text: string): ReadonlyMap<string, ManifestStamp> {
  const stamps = new Map<string, ManifestStamp>();
  for (const line of text.split("\n")) {
    const found = /^([0-9a-f]{64}) ([0-9a-f]{64}) (\S+)$/.exec(line);
    if (found !== null) stamps.set(found[3] ?? "", { inputs: found[1] ?? "", manifest: found[2] ?? "" });
  }
  return stamps;
}

/** The text of the stamp file. */
export function manifestStampText(stamps: ReadonlyMap<string, ManifestStamp>): string {
  return [...stamps].map(([name, { inputs, manifest }]) => `${inputs} ${manifest} ${name}\n`).join("");
}
