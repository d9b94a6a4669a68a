import { isOlderEtcd, oldestExternalEtcd } from "../../domain/external-etcd.ts";
import { aptCandidate } from "../../facts/apt-candidate.ts";
import { etcdVersion as installedEtcd } from "../../facts/etcd-version.ts";
import { judgeHosts } from "../ask-hosts.ts";
import type { PreflightCheck } from "../check.ts";
import { runsEtcd } from "../hosts-by-duty.ts";

/** Package of Debian and Ubuntu that brings the server. */
const serverPackage = "etcd-server";

/** An etcd that kubeadm takes, where a package of the host brings it; a release's version the cluster file says. */
export const etcdVersion: PreflightCheck = {
  name: "etcd-version",
  asks: "external etcd new enough for Kubernetes",
  run: async (context) => {
    const { spec, isForKubernetes } = context;
    const { etcd, kubernetes, artifacts } = spec;
    if (etcd.topology === "stacked") return { state: "skipped", because: "etcd is stacked: kubeadm brings it" };
    if (etcd.source.from === "release") {
      return { state: "skipped", because: `etcd ${etcd.source.version} comes as a release` };
    }
    const oldest = oldestExternalEtcd(kubernetes.version);
    if (oldest === undefined) {
      return { state: "skipped", because: `what Kubernetes ${kubernetes.version} wants of etcd is not known` };
    }
    // Members that are as declared are not among the hosts to be changed, and kubeadm asks them all the same.
    const asked = isForKubernetes ? spec.hosts : context.hosts;
    const hosts = asked.filter((host) => runsEtcd(spec, host));
    return await judgeHosts(context, hosts, `every member has or gets etcd ${oldest} or newer`, async (host) => {
      const [installed, candidate] = await Promise.all([
        context.fact(host.name, installedEtcd),
        context.fact(host.name, aptCandidate(serverPackage)),
      ]);
      // A bundle may bring another one than the repositories have.
      const version = installed ?? (artifacts.bundle === undefined ? candidate : undefined);
      if (version === undefined || isOlderEtcd(version, oldest) !== true) return [];
      const where = installed === undefined ? `package ${serverPackage} of the host's repositories is` : "installed is";
      const digest = artifacts.bundle === undefined ? ", sha256: DIGEST" : "";
      return [
        {
          severity: isForKubernetes ? "error" : "warning",
          message: `etcd is too old for Kubernetes ${kubernetes.version}`,
          because: `${where} ${version}; kubeadm wants external etcd ${oldest} or newer`,
          hint: {
            text: `write under spec, etcd: { source: { from: release, version: ${oldest}${digest} } }, or go as far as etcd only`,
            command: "slipway apply --through etcd",
          },
        },
      ];
    });
  },
};
