import type { EventConsumer } from "../report/event-consumer.ts";
import { jsonLines } from "../report/json-lines.ts";
import { liveTerminal } from "../report/live-terminal.ts";
import { plainLines } from "../report/plain-lines.ts";
import type { GlobalOptions } from "./program.ts";
import { terminalStyle } from "./terminal-style.ts";

/**
 * The right view of a run: live on a terminal, plain lines elsewhere, JSON lines for machines. With `-o yaml` the lines go
 * to stderr, since the result is printed at the end.
 */
export function runView(output: GlobalOptions["output"]): EventConsumer {
  if (output === "json") return jsonLines(process.stdout);
  if (output === "yaml") return plainLines(process.stderr);
  const { colors } = terminalStyle(process.stdout);
  return process.stdout.isTTY ? liveTerminal(process.stdout, { colors }) : plainLines(process.stdout);
}
