import type { HostName } from "../hosts/port.ts";
import type { HostKey, HostKeyState } from "../hosts/trust.ts";
import type { Problem } from "../problems/problem.ts";

export type UnknownKey = Extract<HostKeyState, { state: "unknown" }>;

/** What became of the keys on the way to one host. */
export interface Trusted {
  readonly host: string;
  readonly state: "trusted" | "recorded" | "not recorded";
  /** "ssh-ed25519 SHA256:...", jump hosts first. */
  readonly fingerprints: readonly string[];
}

/** How hosts are asked for their keys, and the user for approval. */
export interface TrustPorts {
  /** So many hosts are looked at at the same time. */
  readonly atOnce: number;
  /** The keys of a host, or why it cannot be asked. Called for many hosts at once. */
  look(host: HostName): Promise<HostKeyState | Problem>;
  /** Shows the keys and asks; true when they were recorded. Never called twice at once, and in the order of the hosts. */
  approve(host: HostName, found: UnknownKey): Promise<boolean>;
}

/**
 * Goes through the keys of hosts, and of the jump hosts before them, in rounds: all are looked at at once, what is unknown
 * is approved one after the other, and those hosts are looked at again. Results and problems are in the order of the hosts.
 */
export async function trustInRounds(
  hosts: readonly HostName[],
  ports: TrustPorts,
): Promise<{ readonly results: readonly Trusted[]; readonly problems: readonly Problem[] }> {
  const ended = new Map<HostName, Trusted | Problem>();
  const shown = new Map<HostName, string[]>();
  for (let pending = hosts; pending.length > 0; ) {
    const looks = lookAtAll(pending, ports);
    const again: HostName[] = [];
    /** Jump hosts dealt with in this round: many hosts may be behind one. */
    const jumps = new Map<string, boolean>();
    for (const [index, host] of pending.entries()) {
      const found = await looks[index];
      if (found === undefined) continue;
      const fingerprints = shown.get(host) ?? [];
      const end = (state: Trusted["state"]): unknown => ended.set(host, { host, state, fingerprints });
      if ("code" in found) ended.set(host, found);
      else if (found.state === "changed") ended.set(host, found.problem);
      else if (found.state === "trusted") {
        const isRecorded = fingerprints.length > 0;
        fingerprints.push(...wordsOf(found.keys).filter((one) => !fingerprints.includes(one)));
        end(isRecorded ? "recorded" : "trusted");
      } else {
        const offered = wordsOf(found.keys);
        const isNew = offered.some((one) => !fingerprints.includes(one));
        shown.set(host, fingerprints);
        fingerprints.push(...offered.filter((one) => !fingerprints.includes(one)));
        const known = found.isJump ? jumps.get(found.at) : undefined;
        // Recorded and still unknown: ssh reads another file than we write. It is not to be asked for ever.
        const isRecorded = known ?? (isNew && (await ports.approve(host, found)));
        if (found.isJump) jumps.set(found.at, isRecorded);
        if (isRecorded) again.push(host);
        else end("not recorded");
      }
    }
    pending = again;
  }
  const inOrder = hosts.flatMap((host) => ended.get(host) ?? []);
  return {
    results: inOrder.flatMap((one) => ("code" in one ? [] : [one])),
    problems: inOrder.flatMap((one) => ("code" in one ? [one] : [])),
  };
}

function wordsOf(keys: readonly HostKey[]): readonly string[] {
  return keys.map((key) => `${key.type} ${key.fingerprint}`);
}

/** One promise per host, of which so many are under way. */
function lookAtAll(
  hosts: readonly HostName[],
  { look, atOnce }: TrustPorts,
): readonly Promise<HostKeyState | Problem>[] {
  const queue = hosts.map((host) => ({ host, ...Promise.withResolvers<HostKeyState | Problem>() }));
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let one = queue[next++]; one !== undefined; one = queue[next++]) {
      const { host, resolve, reject } = one;
      await look(host).then(resolve, reject);
    }
  };
  for (let lanes = 0; lanes < Math.min(atOnce, hosts.length); lanes += 1) void lane();
  // Rejections are seen when their turn comes; until then they are not "unhandled".
  for (const { promise } of queue) promise.catch(() => undefined);
  return queue.map(({ promise }) => promise);
}
