import { X509Certificate } from "node:crypto";
import type { Lab } from "../../../src/lab/lab.ts";
import { createAuthority, type KeyPair } from "../../../src/pki/certificate-authority.ts";
import { issueCertificate } from "../../../src/pki/issue-certificate.ts";
import { type LabCluster, vaultOf } from "../../support/lab-cluster.ts";

/** Something somebody does to a running cluster behind Slipway's back. */
export interface KubeChange {
  readonly title: string;
  /** Where it is noticed: a machine, or "cluster" for objects of the API, which are changed from the first control plane. */
  readonly on: string;
  /** A line for a shell; `kubectl` has its credentials. */
  readonly make: string | ((cluster: LabCluster, machine: string) => Promise<void>);
  /** What a plan says about it, and nothing else: "file /etc/hosts". */
  readonly named: readonly string[];
  /** What an apply touches there, and nothing else. */
  readonly touched: readonly string[];
}

const pki = "/etc/kubernetes/pki";
const slipway = "/etc/kubernetes/slipway";
const programs = "/opt/slipway/kubernetes";
const manifests = "/etc/kubernetes/manifests";
const kubeletConfig = "/var/lib/kubelet/config.yaml";
const conflist = "/etc/cni/net.d/10-slipway-bridge.conflist";

const edit = (path: string, from: string, to: string) =>
  `sed -i 's|${from}|${to}|' ${path} && ! grep -q '${from}' ${path}`;
const until = (condition: string) => `for _ in $(seq 600); do ${condition} && exit 0; sleep 0.2; done; exit 1`;
const patch = (object: string, change: object, how = "merge") =>
  `kubectl patch ${object} --type ${how} -p '${JSON.stringify(change)}'`;
/** The API server that runs is another one than before, and ready. */
const restartApiServer = `before=$(pgrep -x kube-apiserver) && kill $before && ${until(
  '[ -n "$(pgrep -x kube-apiserver)" ] && [ "$(pgrep -x kube-apiserver)" != "$before" ] && curl -skf -o /dev/null https://127.0.0.1:6443/readyz',
)}`;

/** Changes of one round are made together, planned together and mended by one apply. `version` of Kubernetes: "1.36.2". */
export const rounds = (version: string): readonly (readonly KubeChange[])[] => [
  [
    {
      title: "an edited static pod manifest",
      on: "cp-1",
      make: edit(`${manifests}/kube-scheduler.yaml`, "--profiling=false", "--profiling=true"),
      named: ["static pod kube-scheduler"],
      touched: [
        `file ${manifests}/kube-scheduler.yaml`,
        `file ${slipway}/manifests.sha256`,
        "static pod kube-scheduler",
      ],
    },
    {
      title: "a changed audit policy that the API server has loaded",
      on: "cp-2",
      make: `sed -i '/^rules:/,$d' ${slipway}/kube-apiserver/audit-policy.yaml && echo 'rules: [{ level: None }]' >> ${slipway}/kube-apiserver/audit-policy.yaml && ${restartApiServer}`,
      named: [`file ${slipway}/kube-apiserver/audit-policy.yaml`, "static pod kube-apiserver"],
      touched: [`file ${slipway}/kube-apiserver/audit-policy.yaml`, "static pod kube-apiserver"],
    },
    {
      title: "an old certificate that is still served",
      on: "cp-3",
      // The pod keeps the folder it was started with, under whatever name: what is exchanged here it does not see.
      make: `cp -a ${pki} ${pki}-other && rm ${pki}-other/apiserver.crt ${pki}-other/apiserver.key && mv ${pki} /root/pki-before && mv ${pki}-other ${pki} && kubeadm init phase certs apiserver --config ${slipway}/kubeadm.yaml`,
      named: ["wait for API server on cp-3 to serve its certificate"],
      touched: ["static pod kube-apiserver"],
    },
    {
      title: "an edited configuration of encryption",
      on: "cp-3",
      make: `echo '# by hand' >> ${slipway}/kube-apiserver/encryption.yaml`,
      named: [`file ${slipway}/kube-apiserver/encryption.yaml`],
      touched: [`file ${slipway}/kube-apiserver/encryption.yaml`],
    },
    {
      title: "a kubeconfig that others may read",
      on: "cp-2",
      make: "chmod 0644 /etc/kubernetes/admin.conf",
      named: ["file /etc/kubernetes/admin.conf"],
      touched: ["file /etc/kubernetes/admin.conf"],
    },
    {
      title: "a key of kubeadm's that others may read",
      on: "cp-1",
      make: `chmod 0644 ${pki}/apiserver-kubelet-client.key`,
      named: [`file ${pki}/apiserver-kubelet-client.key`],
      touched: [`file ${pki}/apiserver-kubelet-client.key`],
    },
    {
      title: "an edited configuration of a kubelet",
      on: "w-1",
      make: edit(kubeletConfig, "^maxPods: 110$", "maxPods: 7"),
      named: [`file ${kubeletConfig}`, "service kubelet.service"],
      touched: [`file ${kubeletConfig}`, "process kubelet.service"],
    },
    {
      title: "a stopped kubelet",
      on: "w-2",
      make: "systemctl stop kubelet",
      named: ["service kubelet.service"],
      touched: ["process kubelet.service"],
    },
  ],
  [
    {
      title: "a removed label",
      on: "cluster",
      make: "kubectl label node w-1 example.com/disk-",
      named: ["labels of node w-1"],
      touched: ["Node w-1"],
    },
    {
      title: "a removed taint",
      on: "cluster",
      make: "kubectl taint node w-2 example.com/slow:PreferNoSchedule-",
      named: ["taints of node w-2"],
      touched: ["Node w-2"],
    },
    {
      title: "a deleted add-on",
      on: "cluster",
      make: "kubectl -n kube-system delete deployment metrics-server --wait",
      named: ["Deployment kube-system/metrics-server"],
      touched: ["Deployment kube-system/metrics-server"],
    },
    {
      title: "a changed configuration of CoreDNS",
      on: "cluster",
      make: patch("-n kube-system configmap coredns", { data: { Corefile: ".:53 {\n    errors\n}\n" } }),
      named: ["ConfigMap kube-system/coredns"],
      touched: ["ConfigMap kube-system/coredns"],
    },
    {
      title: "a hand-scaled CoreDNS",
      on: "cluster",
      make: `kubectl -n kube-system scale deployment coredns --replicas 1 && ${until(
        '[ "$(kubectl -n kube-system get pods -l k8s-app=kube-dns -o name | wc -l)" = 1 ]',
      )}`,
      named: ["Deployment kube-system/coredns"],
      touched: ["Deployment kube-system/coredns"],
    },
    {
      title: "an edited configuration of kube-proxy",
      on: "cluster",
      make: patch("-n kube-system configmap kube-proxy", { data: { "config.conf": "mode: iptables\n" } }),
      named: ["ConfigMap kube-system/kube-proxy"],
      touched: ["ConfigMap kube-system/kube-proxy"],
    },
    {
      title: "a deleted configuration of kubeadm",
      on: "cluster",
      make: "kubectl -n kube-system delete configmap kubeadm-config",
      named: ["ConfigMap kube-system/kubeadm-config"],
      touched: ["ConfigMap kube-system/kubeadm-config"],
    },
    {
      title: "another Pod Security level",
      on: "cluster",
      make: "kubectl label --overwrite namespace shop pod-security.kubernetes.io/enforce=privileged",
      named: ["Namespace shop"],
      touched: ["Namespace shop"],
    },
    {
      title: "a deleted quota",
      on: "cluster",
      make: "kubectl -n shop delete resourcequota slipway-quota",
      named: ["ResourceQuota shop/slipway-quota"],
      touched: ["ResourceQuota shop/slipway-quota"],
    },
    {
      title: "a deleted policy",
      on: "cluster",
      make: "kubectl -n shop delete networkpolicy slipway-default-deny",
      named: ["NetworkPolicy shop/slipway-default-deny"],
      touched: ["NetworkPolicy shop/slipway-default-deny"],
    },
    {
      title: "somebody else in the binding of a team",
      on: "cluster",
      make: patch(
        "-n shop rolebinding slipway-team-shop-edit",
        [{ op: "replace", path: "/subjects/0/name", value: "mallory" }],
        "json",
      ),
      named: ["RoleBinding shop/slipway-team-shop-edit"],
      touched: ["RoleBinding shop/slipway-team-shop-edit"],
    },
    {
      title: "a bootstrap token that a run has left",
      on: "cluster",
      make: `kubectl -n kube-system create secret generic bootstrap-token-left00 --type bootstrap.kubernetes.io/token --from-literal token-id=left00 --from-literal token-secret=0123456789abcdef && kubectl -n kube-system label secret bootstrap-token-left00 app.kubernetes.io/managed-by=slipway slipway.dev/part=bootstrap-token`,
      named: ["Secret kube-system/bootstrap-token-left00"],
      touched: ["Secret kube-system/bootstrap-token-left00"],
    },
    {
      title: "a removed configuration of the pod network",
      on: "w-1",
      make: `rm ${conflist}`,
      named: [`file ${conflist}`],
      touched: [`file ${conflist}`],
    },
    {
      title: "a removed route to pods",
      on: "cp-2",
      make: "ip route del $(ip route show proto 120 | head -n 1 | cut -d ' ' -f 1) proto 120",
      named: ["route to pods of another node"],
      touched: ["routes to pods"],
    },
    {
      title: "a removed program",
      on: "w-2",
      make: "rm $(readlink /usr/local/bin/kubectl)",
      named: [`release kubernetes ${version}`],
      touched: [`file ${programs}/v${version}/.slipway`, `file ${programs}/v${version}/kubectl`],
    },
    {
      title: "a removed image",
      on: "w-2",
      make: `ctr -n k8s.io images remove registry.k8s.io/kube-proxy:v${version}`,
      named: [`image registry.k8s.io/kube-proxy:v${version}`],
      touched: [`image registry.k8s.io/kube-proxy:v${version}`],
    },
    {
      title: "a removed link to a program",
      on: "cp-2",
      make: "rm /usr/local/bin/kubeadm",
      named: ["link /usr/local/bin/kubeadm"],
      touched: [`file ${programs}/v${version}/.slipway`, "file /usr/local/bin/kubeadm"],
    },
    {
      title: "an expired certificate of an API server",
      on: "cp-3",
      make: (cluster, machine) => putCertificate(cluster, machine, "expired"),
      named: [`certificate ${pki}/apiserver.crt`],
      touched: [`file ${pki}/apiserver.crt`, `file ${pki}/apiserver.key`],
    },
    {
      title: "a certificate of an API server by another authority",
      on: "cp-1",
      make: (cluster, machine) => putCertificate(cluster, machine, "foreign"),
      named: [`certificate ${pki}/apiserver.crt`],
      touched: [`file ${pki}/apiserver.crt`, `file ${pki}/apiserver.key`],
    },
  ],
];

/** Carries changes out, one after the other. */
export async function seed(cluster: LabCluster, changes: readonly KubeChange[]): Promise<void> {
  for (const { make, on } of changes) {
    const machine = on === "cluster" ? "cp-1" : on;
    if (typeof make === "function") await make(cluster, machine);
    else await onMachine(cluster.lab, machine, make);
  }
}

/** A line for a shell on a machine, where kubectl has its credentials. */
export async function onMachine(lab: Lab, machine: string, script: string): Promise<void> {
  await lab.exec(machine, ["sh", "-c", script], { env: { KUBECONFIG: "/etc/kubernetes/admin.conf" } });
}

async function authorityOf(cluster: LabCluster): Promise<KeyPair> {
  const vault = vaultOf(cluster);
  const [certificate, key] = await Promise.all([vault.read("kubernetes/ca.crt"), vault.read("kubernetes/ca.key")]);
  if (certificate === undefined || key === undefined) throw new Error("the vault has no authority of the cluster");
  return { certificate: certificate.reveal().toString("utf8"), key };
}

/**
 * A certificate for the very names of the one that is there that is good for nothing. "expired": valid for the authority's
 * first minute. "foreign": of an authority with the same name.
 */
async function putCertificate(cluster: LabCluster, machine: string, how: "expired" | "foreign"): Promise<void> {
  const { lab } = cluster;
  const authority = await authorityOf(cluster);
  const { validFromDate, subject } = new X509Certificate(authority.certificate);
  const there = new X509Certificate((await lab.exec(machine, ["cat", `${pki}/apiserver.crt`])).stdout);
  const names = (there.subjectAltName ?? "").split(", ");
  const ofKind = (kind: string) => names.flatMap((one) => (one.startsWith(kind) ? [one.slice(kind.length)] : []));
  const request = {
    commonName: "kube-apiserver",
    dnsNames: ofKind("DNS:"),
    ipAddresses: ofKind("IP Address:"),
    usages: ["server"],
  } as const;
  const now = new Date();
  const made = await (how === "expired"
    ? issueCertificate(authority, { ...request, validForDays: 1 / 24 / 60 }, validFromDate)
    : issueCertificate(await createAuthority(subject.replace(/^CN=/, ""), now), request, now));
  // The file with the key first: the API server loads both when either has changed, and keeps what fits.
  await lab.exec(machine, ["sh", "-c", `cat > ${pki}/apiserver.key`], { input: made.key.reveal().toString("utf8") });
  await lab.exec(machine, ["sh", "-c", `cat > ${pki}/apiserver.crt`], { input: made.certificate });
}
