import { countOf } from "../../report/count-of.ts";
import { askHosts } from "../ask-hosts.ts";
import type { Finding, PreflightCheck } from "../check.ts";

/**
 * etcd warns of peers whose clocks differ by more than 1 s ("the clock difference against peer ... is too high", etcd's
 * rafthttp, https://github.com/etcd-io/etcd/issues/7051); half of that leaves room to drift before it does. Over 5 s,
 * certificates and leases made on one host are visibly wrong on another.
 */
const limits = { warningSeconds: 0.5, errorSeconds: 5 };

/** Clocks of the hosts agree with each other, and with the clock of this computer, which signs the certificates. */
export const clockOffset: PreflightCheck = {
  name: "clock-offset",
  asks: "clocks of the hosts against their median",
  run: async (context) => {
    const { values, findings } = await askHosts(context, context.hosts, (host) => context.clockOffset(host.name));
    const middle = median([...values.values()].map((one) => one.seconds));
    if (middle === undefined) return { state: "skipped", because: "no host could be reached" };
    const found: Finding[] = [...findings];
    for (const [host, { seconds, uncertaintySeconds }] of values) {
      const offset = seconds - middle;
      const surely = Math.abs(offset) - uncertaintySeconds;
      if (surely <= limits.warningSeconds) continue;
      const isError = surely > limits.errorSeconds;
      const direction = offset > 0 ? "ahead of" : "behind";
      found.push({
        severity: isError ? "error" : "warning",
        host,
        message: "the clock differs from those of the other hosts",
        because: `it is ${shown(offset)} ${direction} the median; the limit is ${isError ? limits.errorSeconds : limits.warningSeconds} s`,
        hint: {
          text: "set the clock once; Slipway then keeps it right with chrony",
          command: "chronyd -q 'pool pool.ntp.org iburst'",
        },
      });
    }
    if (Math.abs(middle) > limits.errorSeconds) {
      found.push({
        severity: "warning",
        message: "the clock of this computer differs from those of the hosts",
        because: `the hosts' median is ${shown(middle)} ${middle > 0 ? "ahead" : "behind"}; certificates made here would start at the wrong time`,
        hint: { text: "set the clock of this computer" },
      });
    }
    return {
      state: "judged",
      findings: found,
      because: `${countOf(values.size, "clock")} within ${limits.warningSeconds} s`,
    };
  },
};

function median(numbers: readonly number[]): number | undefined {
  const sorted = [...numbers].sort((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? undefined : (upper + lower) / 2;
}

function shown(seconds: number): string {
  return `${Math.abs(seconds).toFixed(Math.abs(seconds) < 10 ? 2 : 0)} s`;
}
