import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import type { FakeHost } from "./fake-host.ts";
import type { FakeCall, FakeHostScript, FakeResult, FakeRun } from "./fake-host-script.ts";
import { type FakeLinux, fakeLinux } from "./fake-linux.ts";

interface Member {
  readonly id: bigint;
  name: string;
  readonly url: string;
  learner: boolean;
  started: boolean;
  /** How far its log is applied; the leader's is at 100. */
  applied: number;
}

const unit = "etcd.service";
const dataPath = "/var/lib/etcd/member";
const pki = "/etc/etcd/pki";
const leaderIndex = 100;
/** What a learner must have of the leader's log: `readyPercent` in server.go of etcd 3.4 to 3.6. */
const readyShare = 0.9;

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
  /** How often members had to elect a leader because theirs was gone, the first time included. */
  elections = 0;
  /** Names of those the leadership was handed to. */
  readonly moves: string[] = [];
  /** How much of the log a learner gets between two looks at it. */
  learnerGains = leaderIndex;
  /** A member whose environment matches ends as soon as it is started. */
  endsWith: RegExp | undefined;
  /** The host's wall clock, by which certificates expire. */
  now: () => Date = () => new Date("2026-01-01T00:00:00Z");
  /** Hosts whose process goes on with the certificates it had then: "server" and "peer" in PEM. */
  readonly #oldCertificates = new Map<FakeHost, Readonly<Record<string, string>>>();
  /** The authority each process trusts: read when it starts, and never again. */
  readonly #authorities = new Map<FakeHost, string>();
  readonly #goodUntil = new Map<string, number>();
  /** Hosts whose member runs on although its data is not where it was: the process has its files open. */
  readonly keepsAnswering = new Set<FakeHost>();
  /** Hosts too busy for a TLS handshake within the time it is given. */
  readonly slow = new Set<FakeHost>();
  /** What a member says of its version; where nothing is said, that of the package. */
  readonly versions = new Map<FakeHost, string>();
  /** Hosts whose member runs and hears no other. */
  readonly deaf = new Set<FakeHost>();
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

  /** The unit of the package runs, with its data in another place. */
  runsStranger(host: FakeHost): void {
    this.#set(host, "active", "running");
  }

  /** From now on, and until it is restarted, the process serves what it has loaded, as one that reads nothing again. */
  keepServing(host: FakeHost): void {
    const of = (name: string) => host.files.text(`${pki}/${name}.crt`) ?? "";
    this.#oldCertificates.set(host, { server: of("server"), peer: of("peer") });
  }

  #served(host: FakeHost, name: "server" | "peer"): string {
    return this.#oldCertificates.get(host)?.[name] ?? host.files.text(`${pki}/${name}.crt`) ?? "";
  }

  /** Two members hear each other: each takes the certificates of the other. */
  #hear(one: FakeHost, other: FakeHost): boolean {
    if (one !== other && (this.deaf.has(one) || this.deaf.has(other))) return false;
    return this.#isTrusted(one, this.#authorityOf(other)) && this.#isTrusted(other, this.#authorityOf(one));
  }

  #isTrusted(host: FakeHost, authority: string): boolean {
    return [this.#served(host, "server"), this.#served(host, "peer")].every((pem) => this.#isGood(pem, authority));
  }

  #authorityOf(host: FakeHost): string {
    return this.#authorities.get(host) ?? host.files.text(`${pki}/ca.crt`) ?? "";
  }

  #isGood(pem: string, authority: string): boolean {
    const known = this.#goodUntil.get(pem + authority) ?? goodUntil(pem, authority);
    this.#goodUntil.set(pem + authority, known);
    return known > this.now().getTime();
  }

  memberOf(host: FakeHost): Member | undefined {
    const url = variable(host, "INITIAL_ADVERTISE_PEER_URLS");
    return this.members.find((member) => member.url === url);
  }

  get leader(): Member | undefined {
    const voters = this.#running().filter((member) => !member.learner);
    if (voters.length * 2 <= this.members.filter((member) => !member.learner).length) return undefined;
    const known = voters.find((member) => member.id === this.#leader);
    if (known !== undefined) return known;
    this.elections += 1;
    this.#leader = voters[0]?.id;
    return voters[0];
  }

  /** Those that hear each other: of all groups the largest. */
  #running(): Member[] {
    const up = [...this.#hosts].filter((host) => this.isRunning(host));
    const groups = up.map((host) => up.filter((other) => this.#hear(host, other)));
    const [largest = []] = groups.sort((one, other) => other.length - one.length);
    return largest.flatMap((host) => this.memberOf(host) ?? []);
  }

  /** A leader that is restarted leads no more: the others elect one of themselves meanwhile. */
  #restart(host: FakeHost): void {
    this.#oldCertificates.delete(host);
    const own = this.memberOf(host);
    if (own === undefined || this.leader !== own) return;
    const heir = this.#running().find((member) => member !== own && !member.learner);
    this.elections += 1;
    this.#leader = heir?.id ?? own.id;
  }

  #load(host: FakeHost): void {
    const authority = host.files.text(`${pki}/ca.crt`);
    if (authority === undefined) this.#authorities.delete(host);
    else this.#authorities.set(host, authority);
  }

  #rows(): FakeRun[] {
    const systemctl = (call: FakeCall): FakeResult => {
      const row = this.linux.runs?.find((one) => one.argv[0] === "systemctl");
      if (row === undefined || typeof row.answer !== "function") throw new Error("fakeLinux has no systemctl");
      const wasActive = this.linux.unitsOf(call.host).get(unit)?.active === "active";
      const result = row.answer(call);
      if (result instanceof Promise) throw new Error("fakeLinux answers later");
      if (call.argv.includes("show")) return withFragment(call.host, result);
      const starts = call.argv[0] === "systemctl" && ["start", "restart"].includes(call.argv[1] ?? "");
      if (call.argv.includes(unit) && starts) {
        if (call.argv[1] === "restart") this.#restart(call.host);
        if (call.argv[1] === "restart" || !wasActive) this.#load(call.host);
        this.#start(call.host);
        const { active } = this.linux.unitsOf(call.host).get(unit) ?? {};
        if (active !== "active" && !call.argv.includes("--no-block"))
          return { exitCode: 1, stderr: `${unit} failed\n` };
      }
      return result;
    };
    return [
      { argv: ["systemctl"], answer: systemctl },
      { argv: ["env", "TZ=UTC", "LC_ALL=C", "systemctl"], answer: systemctl },
      { argv: ["etcdctl"], answer: (call) => this.#etcdctl(call) },
      { argv: ["openssl", "pkey", "-in"], answer: publicKey },
      { argv: ["openssl", "s_client"], answer: (call) => this.#handshake(call) },
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
      { argv: ["readlink"], answer: { exitCode: 1 } },
      { argv: ["uname"], answer: "6.1.0-28-amd64 x86_64\n" },
    ];
  }

  #handshake({ host, argv }: FakeCall): FakeResult {
    if (this.slow.has(host)) return { exitCode: 124, stderr: "" };
    const port = argv[argv.indexOf("-connect") + 1]?.split(":").at(-1);
    const pem = this.#served(host, port === "2380" ? "peer" : "server");
    return this.isRunning(host) && pem !== "" ? `CONNECTED(00000003)\n${pem}` : { exitCode: 1, stderr: "errno=111\n" };
  }

  /** What the unit does once systemd has started it. */
  #start(host: FakeHost): void {
    this.#hosts.add(host);
    if (this.endsWith?.test(host.files.text("/etc/etcd/etcd.env") ?? "") === true) {
      this.#set(host, "activating", "auto-restart");
      return;
    }
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
    if (!member.learner) member.applied = leaderIndex;
  }

  #set(host: FakeHost, active: string, sub: string): void {
    const state = this.linux.unitsOf(host).get(unit);
    if (state !== undefined) Object.assign(state, { active, sub });
  }

  #add(name: string, url: string, learner: boolean): Member {
    this.#nextId += 1n;
    const member = { id: this.#nextId, name, url, learner, started: false, applied: 0 };
    this.members.push(member);
    return member;
  }

  #etcdctl({ host, argv }: FakeCall): FakeResult {
    const words = argv.filter((word) => !word.startsWith("--"));
    const own = this.memberOf(host);
    const isTaken =
      this.#isGood(host.files.text(`${pki}/client.crt`) ?? "", this.#authorityOf(host)) &&
      this.#isGood(this.#served(host, "server"), host.files.text(`${pki}/ca.crt`) ?? "");
    if (!this.isRunning(host) || own === undefined || !isTaken) {
      return { exitCode: 1, stderr: "Error: context deadline exceeded\n" };
    }
    const leader = this.#running().includes(own) ? this.leader : undefined;
    const header = `"header":{"cluster_id":17237436991929493444,"member_id":${own.id},"revision":7,"raft_term":2}`;
    if (words[1] === "endpoint" && words[2] === "status") {
      const learner = own.learner ? ',"isLearner":true' : "";
      own.applied = Math.min(leaderIndex, own.applied + this.learnerGains);
      return `[{"Endpoint":"x","Status":{${header},"version":"${this.versions.get(host) ?? "3.4.23"}","dbSize":20480,"leader":${leader?.id ?? 0},"raftIndex":${leaderIndex},"raftTerm":2,"raftAppliedIndex":${own.applied}${learner}}}]`;
    }
    const answers = leader !== undefined && !own.learner;
    if (words[1] === "endpoint") {
      if (answers) return '[{"endpoint":"x","health":true,"took":"1.5ms"}]';
      return { exitCode: 1, stdout: '[{"endpoint":"x","health":false,"took":"2s","error":"no leader"}]' };
    }
    if (leader === undefined) return { exitCode: 1, stderr: "Error: etcdserver: no leader\n" };
    if (own.learner && words[2] !== "list") return failed("etcdserver: rpc not supported for learner");
    if (words[1] === "move-leader") return this.#move(own, words);
    return this.#change(words, argv, header);
  }

  /** Only the leader can hand over, and only to a voting member it hears. */
  #move(own: Member, words: readonly string[]): FakeResult {
    if (own !== this.leader) return failed("no leader endpoint found at given endpoints");
    const target = this.#running().find((member) => member.id.toString(16) === words.at(-1));
    if (target === undefined || target.learner) return failed("etcdserver: bad leader transferee");
    this.#leader = target.id;
    this.moves.push(target.name);
    return "";
  }

  /** Words of refusals: api/v3rpc/rpctypes/error.go of etcd 3.4 to 3.6. */
  #change(words: readonly string[], argv: readonly string[], header: string): FakeResult {
    const target = this.members.find((member) => member.id.toString(16) === words.at(-1));
    switch (`${words[1]} ${words[2]}`) {
      case "member list":
        return `{${header},"members":[${this.members.map(listed).join(",")}]}`;
      case "member add": {
        const isLearner = argv.includes("--learner");
        const url = argv.find((word) => word.startsWith("--peer-urls="))?.slice(12) ?? "";
        if (this.members.some((member) => member.url === url)) return failed("etcdserver: Peer URLs already exists");
        if (isLearner && this.members.some((member) => member.learner)) {
          return failed("etcdserver: too many learner members in cluster");
        }
        // --strict-reconfig-check: all voting members have to be connected.
        const running = this.#running();
        if (this.members.some((member) => !member.learner && !running.includes(member))) {
          return failed("etcdserver: unhealthy cluster");
        }
        this.#add("", url, isLearner);
        return "";
      }
      case "member promote":
        if (target === undefined) return failed("etcdserver: member not found");
        if (!target.learner) return failed("etcdserver: can only promote a learner member");
        if (!this.#running().includes(target) || target.applied < leaderIndex * readyShare) {
          return failed("etcdserver: can only promote a learner member which is in sync with leader");
        }
        target.learner = false;
        return "";
      case "member remove":
        if (target === undefined) return failed("etcdserver: member not found");
        this.members.splice(this.members.indexOf(target), 1);
        return "";
      default:
        throw new Error(`fake etcdctl knows no ${words.join(" ")}`);
    }
  }
}

/** When a certificate ends, in ms since 1970; 0 for one the authority has not signed. */
function goodUntil(pem: string, authority: string): number {
  if (![pem, authority].every((one) => one.includes("CERTIFICATE"))) return 0;
  const certificate = new X509Certificate(pem);
  return certificate.verify(new X509Certificate(authority).publicKey) ? certificate.validToDate.getTime() : 0;
}

function failed(because: string): FakeResult {
  return { exitCode: 1, stderr: `Error: ${because}\n` };
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
