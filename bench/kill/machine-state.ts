import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Lab } from "../../src/lab/lab.ts";
import { ProblemError } from "../../src/problems/problem.ts";
import { describeCertificates, isCertificateFile } from "./certificates.ts";

/** What is to be compared, in words: "file /etc/hosts" → "f 644 root:root <sha256>". */
export type Facts = Map<string, string>;

/** Every section starts with a line "== name". POSIX sh, run as root in the machine, beside SSH. */
const program = `
set -u
# Under load systemd may not answer in time, and no list is not an empty list.
asked() {
  for try in 1 2 3; do
    said=$("$@") && return 0
    sleep 5
  done
  echo "no answer to $*" >&2
  exit 9
}
trees="/etc /usr/local /opt /root /srv /home /var/lib/slipway /var/spool/cron"
echo "== files"
find $trees -xdev -type l -printf '%p\\tl %u:%g -> %l\\n' -o -type f -printf '%p\\tf %m %u:%g\\n' -o -printf '%p\\t%y %m %u:%g\\n' 2>/dev/null
find /var/lib/etcd /var/lib/haproxy /var/lib/containerd -xdev -maxdepth 0 -printf '%p\\t%y %m %u:%g\\n' 2>/dev/null
echo "== digests"
find $trees -xdev -type f -print0 2>/dev/null | xargs -0 sha256sum --
echo "== leftovers"
find / /run /tmp -xdev '(' -name '.slipway-*' -o -path '/var/lib/slipway/*.lock' -o -path '/tmp/*slipway*' -o -path /etc/etcd/bootstrap.env -o -path /usr/sbin/policy-rc.d -o -name '*.dpkg-new' -o -name '*.dpkg-tmp' ')' 2>/dev/null | sort -u
find /run/systemd/system /etc/systemd/system -lname /dev/null -printf 'mask %p\\n' 2>/dev/null
echo "== packages"
dpkg-query -W -f '\${Package}\\t\${Version} \${db:Status-Abbrev}\\n'
dpkg --audit | sed 's/^/audit\\t/'
echo "== holds"
apt-mark showhold
echo "== unit-files"
asked systemctl list-unit-files --no-legend --plain --full --no-pager
printf '%s\\n' "$said" | awk '{ print $1 "\\t" $2 }'
echo "== units"
asked systemctl list-units --all --type=service,socket,timer,mount,swap --no-legend --plain --full --no-pager
printf '%s\\n' "$said" | awk '{ print $1 "\\t" $2 " " $3 " " $4 }'
echo "== reload"
asked systemctl show --no-pager --property=Id,NeedDaemonReload '*.service'
printf '%s\\n' "$said" | awk -F= '/^Id=/ { id = $2 } /^NeedDaemonReload=yes/ { print id }'
echo "== accounts"
getent passwd | awk -F: '{ print $1 "\\t" $6 " " $7 }'
getent group | awk -F: '{ print "group " $1 "\\t" $4 }'
echo "== sysctls"
cat /etc/sysctl.d/*slipway* 2>/dev/null | sed -n 's/^\\([a-z][^ =]*\\) *=.*/\\1/p' | sort -u | while read -r key; do printf '%s\\t%s\\n' "$key" "$(sysctl -n "$key" 2>&1 | tr '\\t\\n' '  ')"; done
echo "== swap"
cat /proc/swaps
echo "== addresses"
ip -o -4 address show | awk '{ print $2 "\\t" $4 }'
echo "== secrets"
for file in /etc/etcd/pki/* /etc/kubernetes/pki/*.* /etc/kubernetes/pki/etcd/* /etc/keepalived/slipway-auth.conf; do
  [ -f "$file" ] && printf '%s\\t%s\\n' "$file" "$(base64 -w0 "$file")"
done
echo "== etcd"
if [ -f /etc/etcd/pki/client.key ]; then
  ETCDCTL_API=3 etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/etcd/pki/ca.crt --cert=/etc/etcd/pki/client.crt --key=/etc/etcd/pki/client.key member list 2>&1
  ETCDCTL_API=3 etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/etcd/pki/ca.crt --cert=/etc/etcd/pki/client.crt --key=/etc/etcd/pki/client.key endpoint health 2>&1 | sed 's/: took.*//;s/: successfully.*//'
fi
echo "== haproxy"
if [ -f /etc/haproxy/haproxy.cfg ]; then curl --silent --max-time 3 'http://127.0.0.1:8404/;csv' | awk -F, 'NR > 1 { print $1 "/" $2 "\\t" ($18 ~ /MAINT|DRAIN/ ? $18 : "in service") }'; fi
exit 0
`;

/**
 * Written anew by the distribution's own tools, in an order or with a content of their own. So is NAME.ucf-dist: the
 * distribution's version of a file that was there before its package.
 */
const notCompared = new Set([
  "/etc/ld.so.cache",
  "/etc/mtab",
  ...["passwd", "group", "shadow", "gshadow", "subuid", "subgid"].flatMap((one) => [`/etc/${one}`, `/etc/${one}-`]),
]);

/** Come and go by themselves. */
const passingUnits =
  /^(user@|user-runtime-dir@|session-|run-user-|apt-daily|dpkg-db-backup|systemd-|e2scrub|fstrim|logrotate|getty@|console-getty|modprobe@|man-db|exim|emergency|rescue|initrd-)/;

/** All that is compared of one machine, and what the whole cluster is judged by. */
export interface MachineState {
  readonly facts: Facts;
  readonly addresses: readonly string[];
  /** Text of secret files by path: compared by what they are, not by their bytes. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly etcd: readonly string[];
}

/** Looks at one machine, as root and beside Slipway. */
export async function readMachineState(lab: Lab, machine: string): Promise<MachineState> {
  const stdout = await lookAt(lab, machine);
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of stdout.split("\n")) {
    if (line.startsWith("== ")) {
      current = [];
      sections.set(line.slice(3), current);
    } else if (line !== "") current.push(line);
  }
  const lines = (name: string) => sections.get(name) ?? [];
  const facts: Facts = new Map();
  const digests = new Map(lines("digests").map((line) => [line.slice(66), line.slice(0, 64)]));
  const secrets = new Map(
    pairs(lines("secrets")).map(([path, text]) => [path, Buffer.from(text, "base64").toString()]),
  );
  for (const [path, what] of pairs(lines("files"))) {
    if (notCompared.has(path) || path.endsWith(".ucf-dist")) continue;
    facts.set(`file ${path}`, secrets.has(path) ? what : [what, digests.get(path) ?? ""].join(" ").trim());
  }
  for (const [path, text] of secrets) {
    if (isCertificateFile(path)) facts.set(`certificate ${path}`, describeCertificates(path, text, secrets));
  }
  for (const line of lines("leftovers")) facts.set(`leftover ${line}`, "there");
  for (const [name, what] of pairs(lines("packages"))) facts.set(`package ${name}`, what);
  for (const name of lines("holds")) facts.set(`hold ${name}`, "held");
  for (const [name, what] of pairs(lines("unit-files"))) {
    if (!/^(session-|user-)/.test(name) && !/transient/.test(what)) facts.set(`unit file ${name}`, what);
  }
  for (const [name, what] of pairs(lines("units"))) if (!passingUnits.test(name)) facts.set(`unit ${name}`, what);
  for (const name of lines("reload")) facts.set(`daemon-reload for ${name}`, "needed");
  for (const [name, what] of pairs(lines("accounts"))) facts.set(`account ${name}`, what);
  for (const [name, what] of pairs(lines("sysctls"))) facts.set(`sysctl ${name}`, what);
  for (const line of lines("swap").slice(1)) facts.set(`swap ${line.split(/\s/)[0]}`, "on");
  for (const [name, what] of pairs(lines("haproxy"))) facts.set(`haproxy ${name}`, what);
  return { facts, addresses: pairs(lines("addresses")).map(([, one]) => one), secrets, etcd: lines("etcd") };
}

/** On a computer that does other work too, systemd may not answer in time: half of a state is none, and asked for again. */
async function lookAt(lab: Lab, machine: string): Promise<string> {
  for (let left = 5; ; left -= 1) {
    try {
      return (await lab.exec(machine, ["sh", "-c", program])).stdout;
    } catch (error) {
      if (left === 1 || !(error instanceof ProblemError)) throw error;
      await pause(10_000);
    }
  }
}

/** A digest short enough for a message. */
export function shortDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

function pairs(lines: readonly string[]): readonly (readonly [string, string])[] {
  return lines.map((line) => {
    const at = line.indexOf("\t");
    return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
  });
}
