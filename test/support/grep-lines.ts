/** A file for grep: its text, why it cannot be read, or undefined when it is not there. */
export type GrepFile = string | Uint8Array | { readonly unreadable: string } | undefined;

/** What grep is asked with when it is to print the lines of files; their paths come behind it. */
export const grepLinesArgv = ["grep", "-aH", "-e", "", "--"] as const;

export function isGrepLines(argv: readonly string[]): boolean {
  return grepLinesArgv.every((word, index) => argv[index] === word);
}

/** What GNU grep 3.8 answers to `grepLinesArgv`, which the tests of `linesOfFiles` hold against the real one. */
export function grepLines(
  paths: readonly string[],
  fileAt: (path: string) => GrepFile,
): { readonly exitCode: number; readonly stdout: Buffer; readonly stderr: string } {
  let stdout = "";
  let stderr = "";
  for (const path of paths) {
    const file = fileAt(path);
    if (file === undefined) stderr += `grep: ${path}: No such file or directory\n`;
    else if (typeof file === "object" && "unreadable" in file) stderr += `grep: ${path}: ${file.unreadable}\n`;
    else {
      const name = Buffer.from(path).toString("latin1");
      const lines = Buffer.from(file).toString("latin1").split("\n");
      if (lines.at(-1) === "") lines.pop();
      stdout += lines.map((line) => `${name}:${line}\n`).join("");
    }
  }
  const exitCode = stderr !== "" ? 2 : stdout === "" ? 1 : 0;
  return { exitCode, stdout: Buffer.from(stdout, "latin1"), stderr };
}
