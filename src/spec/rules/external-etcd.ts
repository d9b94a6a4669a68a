import { isOlderEtcd, oldestExternalEtcd } from "../../domain/external-etcd.ts";
import { etcdTopology } from "../derived-values.ts";
import type { Rule } from "./rule.ts";

/** The release of external etcd is one that kubeadm takes. Of a distribution's packages, preflight asks the hosts. */
export const externalEtcd: Rule = ({ etcd, kubernetes, hosts }, report) => {
  if (etcd === undefined || kubernetes === undefined || hosts === undefined) return;
  const { from, version } = etcd.source;
  const oldest = oldestExternalEtcd(kubernetes.version);
  if (from !== "release" || version === undefined || oldest === undefined) return;
  if (etcdTopology(etcd, hosts) !== "external" || isOlderEtcd(version, oldest) !== true) return;
  report.error("config/old-etcd", ["spec", "etcd", "source", "version"], {
    message: `etcd ${version} is too old for Kubernetes ${kubernetes.version}`,
    because: `found ${version}; kubeadm of Kubernetes ${kubernetes.version} (${report.placeOf(["spec", "kubernetes", "version"])}) wants external etcd ${oldest} or newer`,
    hint: { text: `write a version from ${oldest} on, with its sha256` },
  });
};
