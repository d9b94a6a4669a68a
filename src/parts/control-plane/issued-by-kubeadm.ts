import { X509Certificate } from "node:crypto";
import type { Change, HostAct, HostLook } from "../../engine/step.ts";
import type { Fact } from "../../facts/fact.ts";
import { beginningOf, outputOf } from "../../facts/not-understood.ts";
import type { Read } from "../../hosts/port.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { renewWithinDays } from "../etcd/judge-certificates.ts";
import { kubeadmConfigPath, kubernetesFolder, pkiFolder } from "./control-plane-layout.ts";
import { kubeadmRun } from "./kubeadm-run.ts";

/** A certificate kubeadm has issued on a control plane host. */
export interface KubeadmCertificate {
  /** What `kubeadm certs renew` calls it. */
  readonly name: string;
  readonly path: string;
  readonly notAfter: Date;
}

const dayMs = 24 * 3600_000;
const servers = ["apiserver", "apiserver-kubelet-client", "front-proxy-client"];
const ofStackedEtcd = ["apiserver-etcd-client", "etcd-server", "etcd-peer", "etcd-healthcheck-client"];
/** The kubelet renews its own. */
const kubeconfigs = ["admin.conf", "controller-manager.conf", "scheduler.conf"];

/**
 * The certificates kubeadm has issued on a control plane host and when they end, one round trip. Of a kubeconfig only the
 * certificate is read: its key stays on the host. What is missing, or is no certificate, is left out.
 * cmd/kubeadm/app/phases/certs/certlist.go and renewal/manager.go of Kubernetes 1.36
 */
export function kubeadmCertificates(spec: ClusterSpec): Fact<readonly KubeadmCertificate[]> {
  const names = spec.etcd.topology === "stacked" ? [...servers, ...ofStackedEtcd] : servers;
  const files = names.map((name) => ({ name, path: `${pkiFolder}/${name.replace(/^etcd-/, "etcd/")}.crt` }));
  const paths = kubeconfigs.map((name) => ({ name, path: `${kubernetesFolder}/${name}` }));
  const grep = ["grep", "-H", "client-certificate-data:", "--", ...paths.map(({ path }) => path)];
  return {
    name: "kubeadm-certificates",
    reads: [
      ...files.map(({ path }): Read => ({ kind: "content", path, maxBytes: 64 * 1024 })),
      { kind: "run", argv: grep },
    ],
    parse(answers) {
      // 1: no such line. 2: some of the files are missing.
      const found = outputOf("kubeadm-certificates", grep.join(" "), answers[files.length], [0, 1, 2]);
      const embedded = new Map(
        [...found.matchAll(/^(\/[^:\n]+):\s*client-certificate-data:\s*(\S+)$/gm)].map(
          ([, path = "", data = ""]) => [path, Buffer.from(data, "base64").toString("utf8")] as const,
        ),
      );
      return [
        ...files.flatMap(({ name, path }, index) =>
          ending(name, path, beginningOf("kubeadm-certificates", path, answers[index])),
        ),
        ...paths.flatMap(({ name, path }) => ending(name, path, embedded.get(path))),
      ];
    },
  };
}

function ending(name: string, path: string, pem: string | undefined): readonly KubeadmCertificate[] {
  if (pem === undefined) return [];
  try {
    return [{ name, path, notAfter: new X509Certificate(pem).validToDate }];
  } catch (cause) {
    // What is no certificate has no end.
    if (cause instanceof Error) return [];
    throw cause;
  }
}

/** Those that are to be renewed: with less than 30 days left, or less than a third of a shorter life. */
export async function dueCertificates(
  look: Pick<HostLook, "fact" | "now">,
  spec: ClusterSpec,
): Promise<readonly KubeadmCertificate[]> {
  const withinDays = Math.min(renewWithinDays, spec.kubernetes.certificateValidityDays / 3);
  const now = look.now().getTime();
  const all = await look.fact(kubeadmCertificates(spec));
  return all.filter((one) => one.notAfter.getTime() - now < withinDays * dayMs);
}

/** For the plan. */
export function renewalOf({ path, notAfter }: KubeadmCertificate, now: Date): Change {
  const day = notAfter.toISOString().slice(0, 10);
  const because = notAfter < now ? `it expired on ${day}` : `it expires on ${day}`;
  return { verb: "update", what: `certificate ${path}`, to: "renewed", because };
}

/**
 * Has kubeadm renew certificates for the names and uses they have, each with a new key. The API server and etcd read theirs
 * anew by themselves; what reads its kubeconfig only when it starts is then older than it.
 */
export async function renewCertificates(act: HostAct, due: readonly KubeadmCertificate[]): Promise<void> {
  for (const { name } of due) await act.change(kubeadmRun(["certs", "renew", name, "--config", kubeadmConfigPath]));
}
