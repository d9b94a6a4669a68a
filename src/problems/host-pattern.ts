/** Finds a host's name where it is a word of its own: "w-1", but not the beginning of "w-10" or "w-1.example.com". */
export function hostPattern(host: string): RegExp {
  const escaped = host.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  return new RegExp(`(?<![\\w.-])${escaped}(?![\\w-]|\\.\\w)`, "g");
}
