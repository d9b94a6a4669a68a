const units = ["KiB", "MiB", "GiB"] as const;

/** A size for people, in the largest unit of which there is one: "20 KiB", "1.5 MiB", "2.00 GiB"; "0 B" up to "1023 B". */
export function sizeText(sizeBytes: number): string {
  if (sizeBytes < 1024) return `${sizeBytes} B`;
  let text = "";
  for (const [digits, unit] of units.entries()) {
    text = `${(sizeBytes / 1024 ** (digits + 1)).toFixed(digits)} ${unit}`;
    if (Number.parseFloat(text) < 1024) return text;
  }
  return text;
}
