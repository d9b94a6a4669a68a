import type { Lab } from "../../../src/lab/lab.ts";

/** "file /etc/hosts" → what it is and when it was last touched. */
export type Snapshot = ReadonlyMap<string, { readonly state: string; readonly moment: string }>;

/** POSIX sh, run as root in the machine, beside Slipway: kind, name, state and moment between tabs. */
const program = `
set -u
find /etc /usr/local -xdev -type f -printf '%p\\t%m %u:%g\\t%C@\\n' -o -type l -printf '%p\\t-> %l\\t%C@\\n' | sed 's/^/file\\t/'
find /etc /usr/local -xdev -type f -print0 | xargs -0 sha256sum -- | sed 's/^\\([0-9a-f]*\\)  \\(.*\\)$/digest\\t\\2\\t\\1\\t/'
for unit in chrony containerd etcd haproxy keepalived ssh; do
  state=$(systemctl show --property=LoadState,ActiveState,UnitFileState,NeedDaemonReload "$unit.service" | tr '\\n' ' ')
  start=$(systemctl show --property=ExecMainStartTimestampMonotonic --value "$unit.service")
  change=$(systemctl show --property=StateChangeTimestampMonotonic --value "$unit.service")
  printf 'process\\t%s.service\\t\\t%s\\n' "$unit" "$start"
  printf 'unit\\t%s.service\\t%s\\t%s\\n' "$unit" "$state" "$change"
done
dpkg-query -W -f 'package\\t\${Package}\\t\${Version} \${db:Status-Abbrev}\\t\\n'
sed -n 's/^\\([a-z][^ =]*\\) *=.*/\\1/p' /etc/sysctl.d/*slipway* | sort -u | while read -r key; do
  printf 'sysctl\\t%s\\t%s\\t\\n' "$key" "$(sysctl -n "$key" | tr '\\t' ' ')"
done
printf 'limit\\topen files\\t%s\\t\\n' "$(systemctl show --property=DefaultLimitNOFILE --value)"
if [ -f /etc/haproxy/haproxy.cfg ]; then
  curl --silent --max-time 3 'http://127.0.0.1:8404/;csv' |
    awk -F, 'NR > 1 && $2 != "" { print "haproxy\\t" $1 "/" $2 "\\t" ($18 ~ /MAINT|DRAIN|STOP|PAUSED/ ? $18 : "in service") "\\t" }'
fi
`;

/** Written by the distribution's own tools whenever they like. */
const passing = /^file \/etc\/(ld\.so\.cache|mtab|\.updated|machine-id|resolv\.conf)$/;

/** All that Slipway has to do with, and all of /etc, as it is now. `more` prints lines of the same form. */
export async function snapshot(lab: Lab, machine: string, more = ""): Promise<Snapshot> {
  const { stdout } = await lab.exec(machine, ["sh", "-c", `${program}\n${more}`]);
  const rows = stdout.split("\n").map((line) => line.split("\t"));
  const digests = new Map(
    rows.flatMap(([kind, name = "", digest = ""]) => (kind === "digest" ? [[name, digest]] : [])),
  );
  const found = new Map<string, { readonly state: string; readonly moment: string }>();
  for (const [kind = "", name = "", state = "", moment = ""] of rows) {
    const key = `${kind} ${name}`;
    if (kind === "" || kind === "digest" || passing.test(key)) continue;
    found.set(key, { state: kind === "file" ? `${state} ${digests.get(name) ?? ""}` : state, moment });
  }
  return found;
}

/** What is another now: "file /etc/hosts". */
export function changedStates(before: Snapshot, after: Snapshot): readonly string[] {
  return changed(before, after, (a, b) => a?.state !== b?.state);
}

/** What was touched, whether or not it is another now. A new process is a new state of its unit too: told once. */
export function touched(before: Snapshot, after: Snapshot): readonly string[] {
  const keys = changed(before, after, (a, b) => a?.state !== b?.state || a?.moment !== b?.moment);
  return keys.filter((key) => !key.startsWith("unit ") || !keys.includes(key.replace(/^unit/, "process")));
}

function changed(
  before: Snapshot,
  after: Snapshot,
  differs: (a: ReturnType<Snapshot["get"]>, b: ReturnType<Snapshot["get"]>) => boolean,
): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => differs(before.get(key), after.get(key)))
    .sort();
}

/** "cp-1: file /etc/hosts" for every machine, sorted. */
export function everywhere(
  before: ReadonlyMap<string, Snapshot>,
  after: ReadonlyMap<string, Snapshot>,
  compare: (before: Snapshot, after: Snapshot) => readonly string[],
): readonly string[] {
  return [...before]
    .flatMap(([machine, own]) => compare(own, after.get(machine) ?? new Map()).map((what) => `${machine}: ${what}`))
    .sort();
}
