import { isClusterStep } from "../../src/engine/look.ts";
import type { Step } from "../../src/engine/step.ts";
import type { Answer, HostName, HostSession, Hosts, Read } from "../../src/hosts/port.ts";
import { readKey } from "../../src/hosts/port.ts";
import { install } from "../../src/plans/install.ts";
import type { ClusterSpec, HostSpec } from "../../src/spec/cluster-spec.ts";
import { fakeHosts } from "../../test/support/fake-hosts.ts";
import { fakeLinux } from "../../test/support/fake-linux.ts";
import { actOn, lookAt } from "../../test/support/host-look.ts";

/** How the hosts are: nothing of Slipway on them, or everything as the cluster file says. */
export type Variant = "bare" | "converged";

/** Answers by the key of the read. */
type Recording = Map<string, Answer>;

const repository = {
  chrony: { units: ["chrony.service"] },
  containerd: { version: "1.6.20~ds1-1", units: ["containerd.service"] },
} as const;

/** More passes than steps of a host that wait for one another. */
const mostPasses = 10;

/**
 * Debian 12 hosts that answer from memory. One simulated host per set of roles is asked everything beforehand (and
 * made as declared, by the steps' own `apply`); every host then answers what the one with its roles did. Answers are
 * copied for each host, so that what is measured parses and keeps 5,000 hosts' answers and not one host's 5,000 times.
 */
export async function recordedHosts(spec: ClusterSpec, variant: Variant): Promise<Hosts> {
  const byRoles = Map.groupBy(spec.hosts, rolesOf);
  const recordings = new Map<string, Recording>();
  for (const [roles, [host]] of byRoles)
    if (host !== undefined) recordings.set(roles, await record({ ...spec, hosts: [host] }, host, variant));
  const recordingOf = new Map(spec.hosts.map((host) => [host.name, recordings.get(rolesOf(host))]));
  let [connections, roundTrips] = [0, 0];
  const sessions = new Map<HostName, HostSession>();
  return {
    session(host) {
      const known = sessions.get(host);
      if (known !== undefined) return known;
      const recording = recordingOf.get(host);
      if (recording === undefined) throw new Error(`no host ${host}`);
      connections += 1;
      const session = new RecordedSession(host, recording, () => {
        roundTrips += 1;
      });
      sessions.set(host, session);
      return session;
    },
    usage: () => ({ connections, roundTrips }),
    close: () => Promise.resolve(),
  };
}

function rolesOf(host: HostSpec): string {
  return host.roles.join(" ");
}

async function record(spec: ClusterSpec, host: HostSpec, variant: Variant): Promise<Recording> {
  const fakes = fakeHosts({ hosts: [host.name], base: fakeLinux({ repository }) });
  const recording: Recording = new Map();
  const asking: Hosts = {
    session: (name) => {
      const session = fakes.session(name);
      const read = async (reads: readonly Read[]) => {
        const answers = await session.read(reads);
        for (const [index, answer] of answers.entries()) {
          const one = reads[index];
          if (one !== undefined) recording.set(readKey(one), answer);
        }
        return answers;
      };
      return new Proxy(session, { get: (on, key) => (key === "read" ? read : Reflect.get(on, key, on)) });
    },
    usage: () => fakes.usage(),
    close: () => fakes.close(),
  };
  const steps = install(spec).steps.filter((step) => step.on === host.name);
  if (variant === "converged") await converge(steps, fakes, host.name);
  for (const step of steps) await checkOf(step, asking, host.name);
  return recording;
}

async function converge(steps: readonly Step[], hosts: Hosts, host: HostName): Promise<void> {
  for (let pass = 1; pass <= mostPasses; pass += 1) {
    let allSatisfied = true;
    for (const step of steps) {
      const check = await checkOf(step, hosts, host);
      if (check.state === "satisfied") continue;
      allSatisfied = false;
      if (check.state === "needed" && !isClusterStep(step)) await step.apply(actOn(hosts, host), check.found);
    }
    if (allSatisfied) return;
  }
  throw new Error(`${host} is not as declared after ${mostPasses} passes`);
}

async function checkOf(step: Step, hosts: Hosts, host: HostName) {
  return await step.check(lookAt(hosts, host));
}

interface Asked {
  readonly reads: readonly Read[];
  readonly done: (answers: readonly Answer[]) => void;
  readonly failed: (error: unknown) => void;
}

/** Answers all reads of one turn of the event loop together, as a session over SSH does. */
class RecordedSession implements HostSession {
  readonly host: HostName;
  readonly #recording: Recording;
  readonly #onRoundTrip: () => void;
  #asked: Asked[] = [];

  constructor(host: HostName, recording: Recording, onRoundTrip: () => void) {
    this.host = host;
    this.#recording = recording;
    this.#onRoundTrip = onRoundTrip;
  }

  read(reads: readonly Read[]): Promise<readonly Answer[]> {
    return new Promise((done, failed) => {
      this.#asked.push({ reads, done, failed });
      if (this.#asked.length === 1) setImmediate(() => this.#answer());
    });
  }

  #answer(): void {
    const asked = this.#asked;
    this.#asked = [];
    this.#onRoundTrip();
    // Commands that were merged have one result, which all who asked for one of them are given.
    const copies = new Map<Answer, Answer>();
    for (const { reads, done, failed } of asked) {
      try {
        done(reads.map((read) => this.#copyOf(read, copies)));
      } catch (error) {
        failed(error);
      }
    }
  }

  #copyOf(read: Read, copies: Map<Answer, Answer>): Answer {
    const answer = this.#recording.get(readKey(read));
    if (answer === undefined) throw new Error(`${this.host}: nobody recorded ${readKey(read)}`);
    const known = copies.get(answer);
    if (known !== undefined) return known;
    const copy: Answer =
      answer.kind === "content"
        ? { ...answer, bytes: Buffer.from(answer.bytes) }
        : answer.kind === "result"
          ? { ...answer, stdout: Buffer.from(answer.stdout), stderr: Buffer.from(answer.stderr) }
          : { ...answer };
    copies.set(answer, copy);
    return copy;
  }

  change(): Promise<never> {
    return Promise.reject(new Error("a plan changes nothing"));
  }

  clockOffset(): Promise<{ seconds: number; uncertaintySeconds: number }> {
    return Promise.resolve({ seconds: 0, uncertaintySeconds: 0.001 });
  }
}
