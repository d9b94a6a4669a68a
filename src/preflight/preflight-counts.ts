import { countOf } from "../report/count-of.ts";
import type { PreflightReport } from "./preflight-report.ts";

/** One line: "7 hosts asked, 34 of 36 checks passed, 1 warning, 0 errors, 1 skipped". Of all checks of the report. */
export function preflightCounts({ checks, hosts, errors, warnings, unreachable }: PreflightReport): string {
  const ended = (state: string): number => checks.filter((check) => check.state === state).length;
  const skipped = ended("skipped");
  const parts = [
    `${countOf(hosts, "host")} asked`,
    `${ended("passed")} of ${countOf(checks.length, "check")} passed`,
    countOf(warnings, "warning"),
    countOf(errors, "error"),
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
    ...(unreachable.length === 0 ? [] : [`${countOf(unreachable.length, "host")} not reached`]),
  ];
  return parts.join(", ");
}
