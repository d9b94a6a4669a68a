import { createPrivateKey, createPublicKey } from "node:crypto";
import type { FakeHost } from "./fake-host.ts";
import type { FakeCall, FakeHostScript, FakeResult, FakeRun } from "./fake-host-script.ts";
import { type FakeLinux, fakeLinux } from "./fake-linux.ts";

interface Member {
  readonly id: bigint;
  name: string;
  readonly url: string;
  learner: boolean;
  started: boolean;
}

const unit = "etcd.service";
const dataPath = "/var/lib/etcd/member";

/**
 * etcd on fake machines, as far as its operators see it: members, learners, a leader, a quorum, and the unit that only
 * starts with data or with what a birth needs. Members are found by the address in their host's environment file.
 */
export class FakeEtcd {
  readonly linux: FakeLinux;
  readonly base: FakeHostScript;
  readonly members: Member[] = [];
  /** How often a whole cluster was made: more than once is the worst that can happen. */
  bootstraps = 0;
  /** Hosts whose member runs on although its data is not where it was: the process has its files open. */
  readonly keepsAnswering = new Set<FakeHost>();
  #leader: bigint | undefined;
  readonly #hosts = new Set<FakeHost>();
  #nextId = 0x8e9e05c52164694dn;

  constructor() {
    this.linux = fakeLinux({ repository: { "etcd-server": { version: "3.4.23-4+b4", units: [unit] } } });
    this.base = { ...this.linux, runs: [...this.#rows(), ...(this.linux.runs ?? [])] };
  }

  /** The unit is stopped, as by `systemctl stop`. */
  stop(host: FakeHost): void {
    this.#set(host, "inactive", "dead");
  }

  isRunning(host: FakeHost): boolean {
    const hasData = host.files.get(dataPath) !== undefined || this.keepsAnswering.has(host);
    return this.linux.unitsOf(host).get(unit)?.active === "active" && hasData;
  }

  memberOf(host: FakeHost): Member | undefined {
    const url = variable(host, "INITIAL_ADVERTISE_PEER_URLS");
    return this.members.find((member) => member.url === url);
  }

  get leader(): Member | undefined {
    const voters = this.#running().filter((member) => !member.learner);
    if (voters.length * 2 <= this.members.filter((member) => !member.learner).length) return undefined;
    return voters.find((member) => member.id === this.#leader) ?? voters[0];
  }

  #running(): Member[] {
    return [...this.#hosts].filter((host) => this.isRunning(host)).flatMap((host) => this.memberOf(host) ?? []);
  }

  #rows(): FakeRun[] {
    const systemctl = (call: FakeCall): FakeResult => {
      const row = this.linux.runs?.find((one) => one.argv[0] === "systemctl");
      if (row === undefined || typeof row.answer !== "function") throw new Error("fakeLinux has no systemctl");
      const result = row.answer(call);
      if (result instanceof Promise) throw new Error("fakeLinux answers later");
      if (call.argv.includes("show")) return withFragment(call.host, result);
      if (call.argv.includes(unit)) this.#start(call.host);
      return result;
    };
    return [
      { argv: ["systemctl"], answer: systemctl },
      { argv: ["etcdctl"], answer: (call) => this.#etcdctl(call) },
      { argv: ["openssl", "pkey", "-in"], answer: publicKey },
      {
        argv: ["getent", "passwd"],
        answer: ({ host, argv }) => (isUser(host, argv) ? "etcd:x:100:\n" : { exitCode: 2 }),
      },
      {
        argv: ["useradd"],
        answer: ({ host, argv }) => {
          host.files.write(`/users/${argv.at(-1)}`, "");
          return "";
        },
      },
      { argv: ["uname"], answer: "6.1.0-28-amd64 x86_64\n" },
    ];
  }

  /** What the unit does once systemd has started it. */
  #start(host: FakeHost): void {
    this.#hosts.add(host);
    if (this.linux.unitsOf(host).get(unit)?.active !== "active" || host.files.get(dataPath) !== undefined) return;
    const birth = host.files.text("/etc/etcd/bootstrap.env");
    if (birth === undefined) {
      this.#set(host, "failed", "failed");
      return;
    }
    const urls = /^ETCD_INITIAL_CLUSTER=(.*)$/m.exec(birth)?.[1]?.split(",") ?? [];
    const own = variable(host, "INITIAL_ADVERTISE_PEER_URLS");
    if (birth.includes("CLUSTER_STATE=new") && !this.members.some((member) => member.url === own)) {
      this.bootstraps += 1;
      for (const [name = "", url = ""] of urls.map((one) => one.split("="))) this.#add(name, url, false);
    }
    const member = this.members.find((one) => one.url === own);
    if (member === undefined || urls.length !== this.members.length) {
      this.#set(host, "failed", "failed");
      return;
    }
    host.files.write(dataPath, { type: "directory", mode: 0o700 });
    member.name = variable(host, "NAME");
    member.started = true;
  }

  #set(host: FakeHost, active: string, sub: string): void {
    const state = this.linux.unitsOf(host).get(unit);
    if (state !== undefined) Object.assign(state, { active, sub });
  }

  #add(name: string, url: string, learner: boolean): Member {
    this.#nextId += 1n;
    const member = { id: this.#nextId, name, url, learner, started: false };
    this.members.push(member);
    return member;
  }

  #etcdctl({ host, argv }: FakeCall): FakeResult {
    const words = argv.filter((word) => !word.startsWith("--"));
    const own = this.memberOf(host);
    if (!this.isRunning(host) || own === undefined || host.files.get("/etc/etcd/pki/client.crt") === undefined) {
      return { exitCode: 1, stderr: "Error: context deadline exceeded\n" };
    }
    const { leader } = this;
    const header = `"header":{"cluster_id":17237436991929493444,"member_id":${own.id},"revision":7,"raft_term":2}`;
    if (words[1] === "endpoint" && words[2] === "status") {
      const learner = own.learner ? ',"isLearner":true' : "";
      return `[{"Endpoint":"x","Status":{${header},"version":"3.4.23","dbSize":20480,"leader":${leader?.id ?? 0},"raftIndex":100,"raftTerm":2,"raftAppliedIndex":100${learner}}}]`;
    }
    const answers = leader !== undefined && !own.learner;
    if (words[1] === "endpoint") {
      if (answers) return '[{"endpoint":"x","health":true,"took":"1.5ms"}]';
      return { exitCode: 1, stdout: '[{"endpoint":"x","health":false,"took":"2s","error":"no leader"}]' };
    }
    if (leader === undefined) return { exitCode: 1, stderr: "Error: etcdserver: no leader\n" };
    return this.#change(words, argv, header);
  }

  #change(words: readonly string[], argv: readonly string[], header: string): FakeResult {
    const target = this.members.find((member) => member.id.toString(16) === words.at(-1));
    switch (`${words[1]} ${words[2]}`) {
      case "member list":
        return `{${header},"members":[${this.members.map(listed).join(",")}]}`;
      case "member add": {
        if (this.members.some((member) => member.learner)) return { exitCode: 1, stderr: "Error: too many learners\n" };
        const url = argv.find((word) => word.startsWith("--peer-urls="))?.slice(12) ?? "";
        this.#add("", url, argv.includes("--learner"));
        return "";
      }
      case "member promote":
        if (target !== undefined) target.learner = false;
        return "";
      case "member remove":
        if (target !== undefined) this.members.splice(this.members.indexOf(target), 1);
        return "";
      default:
        if (words[1] !== "move-leader") throw new Error(`fake etcdctl knows no ${words.join(" ")}`);
        this.#leader = target?.id;
        return "";
    }
  }
}

function listed(member: Member): string {
  const name = member.started || member.name !== "" ? `"name":"${member.name}",` : "";
  const client = member.started ? `,"clientURLs":["${member.url.replace("2380", "2379")}"]` : "";
  return `{"ID":${member.id},${name}"peerURLs":["${member.url}"]${client}${member.learner ? ',"isLearner":true' : ""}}`;
}

/** systemd has loaded the unit from where it was written. */
function withFragment(host: FakeHost, result: FakeResult): FakeResult {
  const path = `/etc/systemd/system/${unit}`;
  if (typeof result !== "string" || host.files.get(path) === undefined) return result;
  return result
    .split("\n\n")
    .map((block) =>
      block.includes(`Id=${unit}\n`) ? block.replace(/^FragmentPath=$/m, `FragmentPath=${path}`) : block,
    )
    .join("\n\n");
}

function variable(host: FakeHost, name: string): string {
  const text = host.files.text("/etc/etcd/etcd.env") ?? "";
  return new RegExp(`^ETCD_${name}=(.*)$`, "m").exec(text)?.[1] ?? "";
}

function isUser(host: FakeHost, argv: readonly string[]): boolean {
  return host.files.get(`/users/${argv.at(-1)}`) !== undefined;
}

function publicKey({ host, argv }: FakeCall): FakeResult {
  const pem = host.files.text(argv[3] ?? "");
  if (pem === undefined || !pem.includes("PRIVATE KEY")) return { exitCode: 1, stderr: "Could not read key\n" };
  return createPublicKey(createPrivateKey(pem)).export({ format: "pem", type: "spki" }).toString();
}
