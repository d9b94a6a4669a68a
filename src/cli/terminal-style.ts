/** How to print to a stream: colours only on a terminal that wants them (https://no-color.org), wrapped to its width. */
export function terminalStyle(stream: NodeJS.WriteStream): { readonly colors: boolean; readonly width: number } {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const wanted = FORCE_COLOR !== undefined && FORCE_COLOR !== "0";
  const unwanted = (NO_COLOR !== undefined && NO_COLOR !== "") || TERM === "dumb";
  return { colors: wanted || (stream.isTTY === true && !unwanted), width: stream.columns || 100 };
}
