import { X509Certificate } from "node:crypto";
import { etcdAuthority } from "../../../src/parts/etcd/etcd-layout.ts";
import { createAuthority, type KeyPair } from "../../../src/pki/certificate-authority.ts";
import { issueCertificate } from "../../../src/pki/issue-certificate.ts";
import { type LabCluster, vaultOf } from "../../support/lab-cluster.ts";

/** Something somebody does to a machine behind Slipway's back. */
export interface SeededChange {
  readonly title: string;
  readonly machine: string;
  /** A line for a shell on the machine, or more than one line can do. */
  readonly make: string | ((cluster: LabCluster, machine: string) => Promise<void>);
  /** What a plan says about it, and nothing else: "file /etc/hosts"; "cluster: ..." where it is about all machines. */
  readonly named: readonly string[];
  /** What an apply touches on the machine, and nothing else. */
  readonly touched: readonly string[];
  /** What is mended and still another than it was: "file /etc/hosts". Certificates, which are issued anew, need no mention. */
  readonly mendedOtherwise?: readonly string[];
}

const edit = (path: string, from: string, to: string) =>
  `sed -i 's|${from}|${to}|' ${path} && ! grep -q '${from}' ${path}`;
const pki = "/etc/etcd/pki";

/** Changes of one round are made together, planned together and mended by one apply. */
export const rounds: readonly (readonly SeededChange[])[] = [
  [
    {
      title: "an edited file",
      machine: "w-1",
      make: "echo 'server 192.0.2.1' >> /etc/chrony/chrony.conf",
      named: ["file /etc/chrony/chrony.conf", "service chrony.service"],
      touched: ["file /etc/chrony/chrony.conf", "process chrony.service"],
    },
    {
      title: "a file anybody may write",
      machine: "cp-1",
      make: "chmod 0666 /etc/containerd/config.toml",
      named: ["file /etc/containerd/config.toml"],
      touched: ["file /etc/containerd/config.toml"],
    },
    {
      title: "a file of another owner",
      machine: "cp-2",
      make: "chown nobody:daemon /etc/crictl.yaml",
      named: ["file /etc/crictl.yaml"],
      touched: ["file /etc/crictl.yaml"],
    },
    {
      title: "a deleted file",
      machine: "cp-3",
      make: "rm /etc/crictl.yaml",
      named: ["file /etc/crictl.yaml"],
      touched: ["file /etc/crictl.yaml"],
    },
    {
      title: "a stopped service",
      machine: "w-2",
      make: "systemctl stop containerd",
      named: ["service containerd.service"],
      touched: ["process containerd.service"],
    },
    {
      title: "a removed package",
      machine: "w-2",
      make: "apt-get -q -y remove jq",
      named: ["package jq"],
      touched: ["package jq"],
    },
    {
      title: "a kernel parameter set by hand",
      machine: "cp-1",
      make: "sysctl -q -w net.ipv4.tcp_fin_timeout=61",
      named: ["sysctl net.ipv4.tcp_fin_timeout"],
      touched: ["sysctl net.ipv4.tcp_fin_timeout"],
    },
    {
      title: "a backend put into maintenance through the runtime socket",
      machine: "lb-1",
      make: haproxyCommand("set server kubernetes-api/cp-2 state maint"),
      named: ["servers of the running HAProxy"],
      touched: ["haproxy kubernetes-api/cp-2", "unit haproxy.service"],
    },
    {
      title: "a backend without weight through the runtime socket",
      machine: "lb-2",
      make: haproxyCommand("set server kubernetes-api/cp-3 weight 0"),
      named: ["servers of the running HAProxy"],
      touched: ["unit haproxy.service"],
    },
    {
      title: "an expired certificate of a member",
      machine: "cp-3",
      make: (cluster, machine) => putCertificate(cluster, machine, "peer", "expired"),
      named: [`certificate ${pki}/peer.crt`],
      touched: [`file ${pki}/peer.crt`, `file ${pki}/peer.key`],
    },
  ],
  [
    {
      title: "a service that does not start at boot",
      machine: "lb-2",
      make: "systemctl disable haproxy 2>&1",
      named: ["service haproxy.service"],
      touched: [
        "file /etc/systemd/system/multi-user.target.wants/haproxy.service",
        ...sysvLinks("haproxy"),
        "unit haproxy.service",
      ],
    },
    {
      title: "a masked service",
      machine: "w-1",
      make: "systemctl mask --now chrony 2>&1",
      named: ["service chrony.service", "systemctl daemon-reload"],
      touched: ["file /etc/systemd/system/chrony.service", "process chrony.service"],
    },
    {
      title: "a process older than its configuration",
      machine: "cp-1",
      make: "touch /etc/containerd/config.toml",
      named: ["service containerd.service"],
      touched: ["process containerd.service"],
    },
    {
      title: "an edited file of kernel parameters",
      machine: "w-2",
      make: edit("/etc/sysctl.d/99-zz-slipway.conf", "tcp_fin_timeout = 15", "tcp_fin_timeout = 60"),
      named: ["file /etc/sysctl.d/99-zz-slipway.conf"],
      touched: ["file /etc/sysctl.d/99-zz-slipway.conf"],
    },
    {
      title: "swap at the next boot",
      machine: "cp-2",
      make: "echo '/dev/sdz9 none swap sw 0 0' >> /etc/fstab",
      named: ["file /etc/fstab"],
      touched: ["file /etc/fstab"],
      // The line is commented out, not removed.
      mendedOtherwise: ["file /etc/fstab"],
    },
    {
      title: "removed limits of open files",
      machine: "lb-1",
      make: "rm /etc/systemd/system.conf.d/50-slipway.conf && systemctl daemon-reexec",
      named: ["file /etc/systemd/system.conf.d/50-slipway.conf", "systemd default limits"],
      touched: ["file /etc/systemd/system.conf.d/50-slipway.conf", "limit open files"],
    },
    {
      title: "a backend taken out of haproxy.cfg and of the running HAProxy",
      machine: "lb-1",
      make: "sed -i '/server cp-2 /d' /etc/haproxy/haproxy.cfg && systemctl reload haproxy",
      named: ["file /etc/haproxy/haproxy.cfg", "service haproxy.service"],
      touched: ["file /etc/haproxy/haproxy.cfg", "haproxy kubernetes-api/cp-2", "unit haproxy.service"],
    },
    {
      title: "another priority of a load balancer",
      machine: "lb-2",
      make: edit("/etc/keepalived/keepalived.conf", "priority 250", "priority 249"),
      named: ["file /etc/keepalived/keepalived.conf", "service keepalived.service"],
      touched: ["file /etc/keepalived/keepalived.conf", "unit keepalived.service"],
    },
    {
      title: "a certificate of another authority",
      machine: "cp-1",
      make: (cluster, machine) => putCertificate(cluster, machine, "peer", "foreign"),
      named: [`certificate ${pki}/peer.crt`],
      touched: [`file ${pki}/peer.crt`, `file ${pki}/peer.key`],
    },
    {
      title: "a key others may read",
      machine: "cp-2",
      make: `chmod 0644 ${pki}/server.key`,
      named: [`file ${pki}/server.key`],
      touched: [`file ${pki}/server.key`],
    },
    {
      title: "edited settings of etcd",
      machine: "cp-3",
      make: edit("/etc/etcd/etcd.env", "ETCD_SNAPSHOT_COUNT=.*", "ETCD_SNAPSHOT_COUNT_=1"),
      named: ["file /etc/etcd/etcd.env", "service etcd.service"],
      touched: ["file /etc/etcd/etcd.env", "process etcd.service"],
    },
  ],
  [
    {
      title: "a stopped keepalived",
      machine: "lb-2",
      make: "systemctl stop keepalived",
      named: ["service keepalived.service"],
      touched: ["process keepalived.service"],
    },
    {
      title: "another password of the load balancers",
      machine: "lb-1",
      make: edit("/etc/keepalived/slipway-auth.conf", "auth_pass .*", "auth_pass_ other"),
      named: ["file /etc/keepalived/slipway-auth.conf", "service keepalived.service"],
      touched: ["file /etc/keepalived/slipway-auth.conf", "unit keepalived.service"],
    },
    {
      title: "an edited configuration of containerd",
      machine: "w-1",
      make: "sed -i '/^\\[metrics\\]/,+1d' /etc/containerd/config.toml && systemctl restart containerd",
      named: ["file /etc/containerd/config.toml", "service containerd.service"],
      touched: ["file /etc/containerd/config.toml", "process containerd.service"],
    },
    {
      title: "another address for etcd to listen on",
      machine: "cp-1",
      make: "sed -i '/^ETCD_LISTEN_PEER_URLS=/s|//[0-9.]*:|//0.0.0.0:|' /etc/etcd/etcd.env && grep -q //0.0.0.0: /etc/etcd/etcd.env",
      named: ["file /etc/etcd/etcd.env", "service etcd.service"],
      touched: ["file /etc/etcd/etcd.env", "process etcd.service"],
    },
    {
      title: "a stopped member of etcd",
      machine: "cp-2",
      make: "systemctl stop etcd",
      named: ["cluster: service etcd.service on cp-2"],
      touched: ["process etcd.service"],
    },
    {
      title: "kernel modules missing at the next boot",
      machine: "cp-1",
      make: "rm /etc/modules-load.d/slipway.conf",
      named: ["file /etc/modules-load.d/slipway.conf"],
      touched: ["file /etc/modules-load.d/slipway.conf"],
    },
    {
      title: "a missing certificate towards etcd",
      machine: "cp-3",
      make: "rm /etc/kubernetes/pki/apiserver-etcd-client.crt",
      named: ["certificate /etc/kubernetes/pki/apiserver-etcd-client.crt"],
      touched: [
        "file /etc/kubernetes/pki/apiserver-etcd-client.crt",
        "file /etc/kubernetes/pki/apiserver-etcd-client.key",
      ],
    },
  ],
  [
    {
      title: "a frontend told through the runtime socket to listen no more",
      machine: "lb-1",
      make: haproxyCommand("disable frontend kubernetes-api"),
      named: ["servers of the running HAProxy"],
      touched: ["haproxy kubernetes-api/FRONTEND", "unit haproxy.service"],
    },
    {
      title: "a removed drop-in of a unit",
      machine: "lb-2",
      make: "rm /etc/systemd/system/haproxy.service.d/10-slipway.conf",
      named: [
        "file /etc/systemd/system/haproxy.service.d/10-slipway.conf",
        "service haproxy.service",
        "systemctl daemon-reload",
      ],
      touched: ["file /etc/systemd/system/haproxy.service.d/10-slipway.conf", "process haproxy.service"],
    },
    {
      title: "an expired server certificate of a member",
      machine: "cp-1",
      make: (cluster, machine) => putCertificate(cluster, machine, "server", "expired"),
      named: [`certificate ${pki}/server.crt`],
      touched: [`file ${pki}/server.crt`, `file ${pki}/server.key`],
    },
    {
      title: "a member of etcd that does not start at boot",
      machine: "cp-2",
      make: "systemctl disable etcd 2>&1",
      named: ["service etcd.service"],
      touched: [
        "file /etc/systemd/system/multi-user.target.wants/etcd.service",
        ...sysvLinks("etcd"),
        "unit etcd.service",
      ],
    },
    {
      title: "another authority in the place of etcd's",
      machine: "cp-3",
      make: `cp /etc/ssl/certs/ca-certificates.crt ${pki}/ca.crt`,
      named: [`file ${pki}/ca.crt`, "service etcd.service"],
      touched: [`file ${pki}/ca.crt`, "process etcd.service"],
    },
    {
      title: "a removed containerd",
      machine: "w-1",
      make: "apt-get -q -y remove containerd",
      named: ["package containerd", "service containerd.service"],
      touched: ["package containerd", "process containerd.service"],
    },
    {
      title: "a kernel that forwards nothing",
      machine: "w-2",
      make: "sysctl -q -w net.ipv4.ip_forward=0",
      named: ["sysctl net.ipv4.ip_forward"],
      touched: ["sysctl net.ipv4.ip_forward"],
    },
  ],
];

function haproxyCommand(command: string): string {
  const script = `use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => "/run/haproxy/admin.sock") or die; print $s "${command}\\n"; print <$s>`;
  return `perl -e '${script}'`;
}

async function authorityOf(cluster: LabCluster): Promise<KeyPair> {
  const vault = vaultOf(cluster);
  const [certificate, key] = await Promise.all([vault.read(etcdAuthority.certificate), vault.read(etcdAuthority.key)]);
  if (certificate === undefined || key === undefined) throw new Error("the vault has no authority of etcd");
  return { certificate: certificate.reveal().toString("utf8"), key };
}

/** Debian keeps the links of System V in step with those of systemd. */
function sysvLinks(service: string): readonly string[] {
  return [2, 3, 4, 5].flatMap((level) => [
    `file /etc/rc${level}.d/K01${service}`,
    `file /etc/rc${level}.d/S01${service}`,
  ]);
}

/**
 * A certificate with the right names and usages that is good for nothing. "expired": valid for the authority's first
 * minute. "foreign": of an authority with the same name.
 */
async function putCertificate(
  cluster: LabCluster,
  machine: string,
  file: "peer" | "server",
  how: "expired" | "foreign",
): Promise<void> {
  const { lab } = cluster;
  const now = new Date();
  const authority = how === "foreign" ? await createAuthority(`${lab.name} etcd CA`, now) : await authorityOf(cluster);
  const request = {
    commonName: machine,
    dnsNames: [machine, "localhost"],
    ipAddresses: [lab.address(machine), "127.0.0.1", "::1"],
    usages: ["server", "client"],
  } as const;
  const made = await (how === "foreign"
    ? issueCertificate(authority, request, now)
    : issueCertificate(
        authority,
        { ...request, validForDays: 1 / 24 / 60 },
        new X509Certificate(authority.certificate).validFromDate,
      ));
  await lab.exec(machine, ["sh", "-c", `cat > ${pki}/${file}.crt`], { input: made.certificate });
  await lab.exec(machine, ["sh", "-c", `cat > ${pki}/${file}.key`], { input: made.key.reveal().toString("utf8") });
}

/** Makes them, one after the other. */
export async function seed(cluster: LabCluster, changes: readonly SeededChange[]): Promise<void> {
  for (const { make, machine } of changes) {
    if (typeof make === "string") await cluster.lab.exec(machine, ["sh", "-c", make]);
    else await make(cluster, machine);
  }
}
