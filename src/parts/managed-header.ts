/** First line of every file Slipway writes, for comments that start with `#`. */
export const managedMark = "Managed by Slipway";

/** Two comment lines, with a line break behind: what the file is for, and that changes to it do not last. */
export function managedHeader(what: string): string {
  return `# ${managedMark}: ${what}\n# Changes made here are undone by the next apply; the cluster file is the place to make them.\n`;
}
