/** A command about the same cluster file, ready to paste: "slipway -f lab/cluster.yaml apply". */
export function commandFor(file: string, command: string): string {
  if (file === "cluster.yaml") return `slipway ${command}`;
  return `slipway -f ${/^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`} ${command}`;
}
