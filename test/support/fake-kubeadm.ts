import type { HostName } from "../../src/hosts/port.ts";
import type { FakeHost } from "./fake-host.ts";
import type { FakeCall, FakeHostScript, FakeResult, FakeRun } from "./fake-host-script.ts";
import type { FakeKube } from "./fake-kube.ts";

const components = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;
const phases: Readonly<Record<string, string>> = {
  apiserver: "kube-apiserver",
  "controller-manager": "kube-controller-manager",
  scheduler: "kube-scheduler",
};

/** How far kubeadm comes before somebody kills it. */
export type FakeDeath = "after-manifests" | "after-kubelet" | "after-everything";

interface Process {
  readonly pid: number;
  readonly command: string;
  readonly startedAt: number;
}

/**
 * kubeadm, kubelet and the processes they start, for control plane and worker hosts in memory. kubeadm's manifests hold the
 * digest-like `generation`; kubelet runs what is in them at once.
 */
export class FakeKubeadm {
  /** What kubeadm makes manifests of now; a changed cluster file is another generation. */
  generation = 1;
  /** Per host, the next kubeadm dies there. */
  readonly deaths = new Map<string, FakeDeath>();
  /** PEM that init and join leave as apiserver.crt, by host. */
  readonly certificates = new Map<string, string>();
  /** PEM that `kubeadm certs renew` leaves, by kubeadm's name of the certificate. */
  readonly renewed = new Map<string, string>();
  /** What HAProxy was told, as "lb-1: disable health ...". */
  readonly told: string[] = [];
  /** Command lines of kubeadm, with the host's name before them. */
  readonly runs: string[] = [];
  /** Called when a static pod's manifest was made anew. */
  onPhase: (() => void) | undefined;
  readonly #kube: FakeKube;
  readonly #processes = new Map<string, Map<string, Process>>();
  #pid = 100;

  constructor(kube: FakeKube) {
    this.#kube = kube;
  }

  /** What every host of the fleet has. */
  get base(): FakeHostScript {
    const row = (argv: string[], answer: FakeRun["answer"]): FakeRun => ({ argv, answer });
    return {
      files: { "/proc/uptime": "1000.00 900.00\n" },
      runs: [
        row(["curl", "--disable"], (call) => this.#curl(call)),
        row(["flock"], (call) => this.#kubeadm(call)),
        row(["grep", "-H", "client-certificate-data:"], ({ argv, host }) => {
          const lines = argv.slice(4).flatMap((path) => {
            const line = host.files.text(path)?.trim();
            return line === undefined ? [] : [`${path}:${line}\n`];
          });
          return { stdout: lines.join(""), exitCode: lines.length === 0 ? 1 : 0 };
        }),
        row(["ps"], (call) => this.#ps(call)),
        row(["kill"], ""),
        row(["pkill"], ""),
        row(["timeout", "90", "tail"], ""),
        row(["openssl"], { exitCode: 127 }),
        row(["timeout", "10", "openssl"], ({ host }) => this.certificates.get(host.host) ?? { exitCode: 1 }),
        row(["curl", "--silent"], ""),
        row(["find", "/var/log/pods"], ""),
        row(["stat", "-f"], "tmpfs\n"),
        row(["ss"], ""),
        row(["date"], `${now}.5\n`),
        row(["socat"], ({ host, stdin }) => {
          this.told.push(`${host.host}: ${stdin?.trim()}`);
          return "\n";
        }),
        row(["systemctl", "restart", "--", "kubelet.service"], ({ host }) => {
          this.#register(host.host);
          return "";
        }),
      ],
    };
  }

  /** The process of a component on a host starts anew, with what its manifest says. */
  restart(host: FakeHost, component: string): void {
    const text = host.files.get(`/etc/kubernetes/manifests/${component}.yaml`)?.bytes.toString() ?? "";
    const command = /command: \[(.*)\]/.exec(text)?.[1]?.replaceAll(", ", " ") ?? "";
    this.#pid += 1;
    const own = this.#processes.get(host.host) ?? new Map<string, Process>();
    own.set(component, { pid: this.#pid, command, startedAt: now });
    this.#processes.set(host.host, own);
  }

  /** Nobody listens on a host without an API server. */
  async #curl(call: FakeCall): Promise<FakeResult> {
    const isThere = call.host.files.get("/etc/kubernetes/manifests/kube-apiserver.yaml") !== undefined;
    if (!isThere) return { exitCode: 7, stderr: "curl: (7) Failed to connect\n" };
    const { answer } = this.#kube.run;
    return typeof answer === "function" ? await answer(call) : answer;
  }

  #kubeadm({ argv, stdin, host }: FakeCall): FakeResult {
    const words = argv.slice(argv.indexOf("kubeadm") + 1);
    this.runs.push(`${host.host}: ${words.join(" ")}`);
    if (words[0] === "certs") return this.#renew(host, words[2] ?? "");
    const death = this.deaths.get(host.host);
    this.deaths.delete(host.host);
    if (words[0] === "init" && words[1] === "phase") return this.#phase(host, words);
    if (words[0] === "join" && !this.#knows(stdin ?? "")) return { exitCode: 1, stderr: "Unauthorized\n" };
    const there = components.filter((one) => host.files.get(`/etc/kubernetes/manifests/${one}.yaml`) !== undefined);
    const ignored = words.find((word) => word.startsWith("--ignore-preflight-errors=")) ?? "";
    const skips = words.some((word) => word.startsWith("--skip-phases=preflight"));
    const inTheWay = there.filter((one) => !ignored.includes(`manifests-${one}.yaml`));
    if (!skips && inTheWay.length > 0) return { exitCode: 1, stderr: `[ERROR FileAvailable]: ${inTheWay.join()}\n` };
    const isControlPlane = words[0] === "init" || host.host.startsWith("cp-");
    if (isControlPlane) {
      for (const one of components) this.#write(host, one);
      const certificate = this.certificates.get(host.host);
      if (certificate !== undefined) host.files.write("/etc/kubernetes/pki/apiserver.crt", file(certificate));
    }
    // kubelet writes its kubeconfig as soon as it is told of a cluster, and its certificate when it has it.
    if (words[0] === "join") host.files.write("/etc/kubernetes/bootstrap-kubelet.conf", file("token"));
    if (words[0] === "join") host.files.write("/etc/kubernetes/kubelet.conf", file(""));
    if (death === "after-manifests") return { exitCode: 137 };
    host.files.write("/etc/kubernetes/kubelet.conf", file(""));
    host.files.write("/var/lib/kubelet/pki/kubelet-client-current.pem", file(""));
    this.#register(host.host);
    if (death === "after-kubelet") return { exitCode: 137 };
    host.files.remove("/etc/kubernetes/bootstrap-kubelet.conf", false);
    if (words[0] === "init") host.files.write("/etc/kubernetes/super-admin.conf", file(""));
    return death === "after-everything" ? { exitCode: 137 } : "";
  }

  #renew(host: FakeHost, name: string): FakeResult {
    const pem = this.renewed.get(name);
    if (pem === undefined) return { exitCode: 1, stderr: `${name} is not a valid certificate for this cluster\n` };
    host.files.write(`/etc/kubernetes/${name}`, file(kubeconfigOf(pem)));
    return "";
  }

  #phase(host: FakeHost, words: readonly string[]): FakeResult {
    const component = phases[words[3] ?? ""];
    if (component === undefined) return { exitCode: 1, stderr: `unknown phase ${words.join(" ")}\n` };
    this.#write(host, component);
    this.onPhase?.();
    return "";
  }

  #write(host: FakeHost, component: string): void {
    const command = `[${component}, --v=${this.generation}]`;
    host.files.write(
      `/etc/kubernetes/manifests/${component}.yaml`,
      file(`spec:\n  containers:\n    - command: ${command}\n`),
    );
    this.restart(host, component);
  }

  /** The token in the kubeconfig is one the API has a Secret of. */
  #knows(kubeconfig: string): boolean {
    const id = /token: ([a-z0-9]{6})\.[a-z0-9]{16}/.exec(kubeconfig)?.[1];
    const metadata = { apiVersion: "v1", kind: "Secret", name: `bootstrap-token-${id}`, namespace: "kube-system" };
    return this.#kube.get(metadata) !== undefined;
  }

  #register(host: HostName): void {
    this.#kube.put({ apiVersion: "v1", kind: "Node", metadata: { name: host } });
  }

  #ps({ host }: FakeCall): FakeResult {
    const own = [...(this.#processes.get(host.host) ?? [])];
    if (own.length === 0) return { exitCode: 1 };
    return own.map(([name, one]) => `${name.slice(0, 15)} ${one.pid} ${now - one.startedAt} ${one.command}\n`).join("");
  }
}

/** The time on all hosts, in seconds since the epoch. */
const now = 1_800_000_000;

function file(content: string): { content: Buffer; mode: number } {
  return { content: Buffer.from(content), mode: 0o600 };
}

/** The one line of a kubeconfig that is looked at. */
export function kubeconfigOf(pem: string): string {
  return `    client-certificate-data: ${Buffer.from(pem).toString("base64")}\n`;
}
