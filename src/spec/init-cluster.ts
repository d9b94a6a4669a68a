import { stringify } from "yaml";
import { containerdRelease } from "../domain/containerd-release.ts";
import { oldestExternalEtcd } from "../domain/external-etcd.ts";
import { kubernetesMinor } from "../domain/kubernetes-minor.ts";
import { ProblemError } from "../problems/problem.ts";
import type { Role } from "./cluster-spec.ts";
import { loadCluster } from "./load-cluster.ts";
import { valueKinds } from "./schema/value-kinds.ts";

/** What `slipway init` asks for. Everything else has a default and is shown as a comment. */
export interface ClusterAnswers {
  readonly name: string;
  readonly kubernetesVersion: string;
  readonly hosts: readonly {
    readonly name: string;
    readonly address: string;
    readonly roles: readonly Role[];
    readonly zone?: string;
    /** Where to connect, when not the address. */
    readonly sshHost?: string;
  }[];
  /** For clusters with load-balancer hosts. */
  readonly virtualIp?: { readonly address: string; readonly prefix: number };
  /** For clusters behind somebody else's load balancer. */
  readonly external?: { readonly address?: string };
  /** DNS name of the endpoint. */
  readonly endpointName?: string;
  readonly ssh?: {
    readonly user?: string;
    readonly identityFile?: string;
    readonly proxyJump?: string;
    readonly sudo?: "none" | "passwordless" | "password";
  };
}

/**
 * A commented cluster file. What it returns always loads; answers that make no cluster throw a ProblemError with the
 * problems of the file they would have made, which is called `fileName` in them.
 */
export function renderClusterFile(answers: ClusterAnswers, fileName = "cluster.yaml"): string {
  const text = `${[
    "# Written by slipway init. Fields that are not here have good defaults: see docs/reference/cluster-file.md, or let your",
    "# editor tell you with the schema printed by 'slipway schema'. Check changes with 'slipway validate'.",
    "apiVersion: slipway.dev/v1alpha1",
    "kind: Cluster",
    "metadata:",
    `  name: ${scalar(answers.name)}`,
    "spec:",
    "  kubernetes:",
    `    version: ${scalar(answers.kubernetesVersion)}`,
    "",
    ...sshLines(answers.ssh),
    ...endpointLines(answers),
    "  # Roles: load-balancer, etcd, control-plane, worker. With the role etcd on any host, etcd runs on those hosts; without,",
    "  # on the control planes, from kubeadm's image. Its members are an odd number: three survive the loss of one.",
    "  hosts:",
    ...answers.hosts.map(hostLine),
    "",
    "  # Address ranges inside the cluster; nothing else may use them. The network plugin is bridge unless it is named here:",
    "  # for all nodes on one network segment, without NetworkPolicy. calico and cilium are for everything else.",
    "  # network: { podCIDR: 10.244.0.0/16, serviceCIDR: 10.96.0.0/12, plugin: { kind: cilium } }",
    "",
    "  # Your own time servers, and what to install and set beside the baseline.",
    "  # os: { timeServers: [ntp.example.com], packages: [], sysctls: {} }",
    "",
    ...runtimeLines,
    "",
    ...etcdLines(answers),
  ].join("\n")}\n`;
  const loaded = loadCluster(text, fileName);
  if ("problems" in loaded) throw new ProblemError(loaded.problems);
  return text;
}

function sshLines(ssh: ClusterAnswers["ssh"]): string[] {
  const fields = Object.entries(ssh ?? {}).filter(([, value]) => value !== undefined);
  const about = "  # How to reach the hosts; what is not here comes from ~/.ssh/config. A host's own ssh: {} wins.";
  if (fields.length === 0) return [about, "  # ssh: { user: admin, sudo: passwordless }", ""];
  return [about, "  ssh:", ...fields.map(([name, value]) => `    ${name}: ${scalar(value)}`), ""];
}

const runtimeLines = [
  "  # Kubernetes 1.36 wants containerd 2; the packages of Debian 12 (1.6) and Ubuntu (1.7) are older, so it comes as a release",
  "  # of its project. Remove source where the hosts' repositories have containerd 2; with a bundle, name the release in it.",
  "  runtime:",
  `    source: { from: release, version: ${containerdRelease} }`,
  "    # Registry mirrors, tried in order before the registry itself.",
  "    # mirrors: { docker.io: [{ url: https://registry.example.com/v2/docker-hub }] }",
];

/** A release of etcd cannot be written for the user: its digest is theirs to vouch for. */
function etcdLines({ hosts, kubernetesVersion }: ClusterAnswers): string[] {
  const oldest = oldestExternalEtcd(kubernetesVersion);
  const isExternal = hosts.some((host) => host.roles.includes("etcd"));
  const wants =
    oldest === undefined ? "" : `Kubernetes 1.${kubernetesMinor(kubernetesVersion)} wants ${oldest} or newer: `;
  return [
    "  # walDir: etcd's write-ahead log on a disk of its own.",
    `  # source: for hosts with the role etcd${isExternal ? ", as above" : ""}, which otherwise get the package of their distribution.`,
    `  # ${wants}Debian 12's (3.4) is too old, so name a release, with the digest`,
    "  # of its tarball from the release's SHA256SUMS; with a bundle, name the release in it, and no digest.",
    `  # etcd: { walDir: /data/etcd-wal, source: { from: release, version: ${valueKinds.etcdVersion.example}, sha256: DIGEST } }`,
  ];
}

function endpointLines({ endpointName, virtualIp, external }: ClusterAnswers): string[] {
  const lines = [
    ...(endpointName === undefined ? [] : [`    name: ${scalar(endpointName)}`]),
    ...(virtualIp === undefined
      ? []
      : [
          "    # Moves between the load balancers. routerId must be unique in the broadcast domain.",
          "    virtualIP:",
          `      address: ${scalar(virtualIp.address)}`,
          `      prefix: ${scalar(virtualIp.prefix)}`,
          "      routerId: 51",
        ]),
    ...(external === undefined
      ? []
      : [
          "    # Must pass TCP to port 6443 of the control planes, and check /readyz.",
          external.address === undefined
            ? "    external: {}"
            : `    external: { address: ${flowScalar(external.address)} }`,
        ]),
  ];
  return lines.length === 0 ? [] : ["  # Where clients reach the API servers.", "  endpoint:", ...lines, ""];
}

function hostLine(host: ClusterAnswers["hosts"][number]): string {
  const fields = [
    `name: ${flowScalar(host.name)}`,
    `address: ${flowScalar(host.address)}`,
    `roles: [${host.roles.map(flowScalar).join(", ")}]`,
    ...(host.zone === undefined ? [] : [`zone: ${flowScalar(host.zone)}`]),
    ...(host.sshHost === undefined ? [] : [`ssh: { host: ${flowScalar(host.sshHost)} }`]),
  ];
  return `    - { ${fields.join(", ")} }`;
}

/** One value on one line, in quotes where YAML would read it as something else. */
function scalar(value: string | number): string {
  if (typeof value === "string" && /[\r\n]/.test(value)) return JSON.stringify(value);
  return stringify(value, { lineWidth: 0, schema: "core" }).trimEnd();
}

/** The same inside { } and [ ], where more characters mean something. */
function flowScalar(value: string | number): string {
  const text = scalar(value);
  return typeof value === "string" && /[,[\]{}:]/.test(value) && !/^["']/.test(text) ? JSON.stringify(value) : text;
}
