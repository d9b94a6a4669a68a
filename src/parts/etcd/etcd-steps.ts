import { etcdHosts } from "../../cluster/etcd-places.ts";
import type { Step, StepId } from "../../engine/step.ts";
import type { HostName } from "../../hosts/port.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import { osBaselineStepId } from "../os/os-steps.ts";
import { etcdBootstrapStep } from "./etcd-bootstrap-step.ts";
import { etcdCaStep } from "./etcd-ca-step.ts";
import { apiServerCertificates, memberCertificates } from "./etcd-certificates.ts";
import { etcdCertsStep } from "./etcd-certs-step.ts";
import { etcdConfigureStep } from "./etcd-configure-step.ts";
import { etcdInstallStep } from "./etcd-install-step.ts";
import { etcdJoinStep } from "./etcd-join-step.ts";
import { etcdStepId } from "./etcd-layout.ts";
import { etcdPromoteStep } from "./etcd-promote-step.ts";
import { etcdRestartStep } from "./etcd-restart-step.ts";
import { etcdStartStep } from "./etcd-start-step.ts";
import { isLiving, memberState } from "./member-state.ts";

/** An external etcd cluster on the hosts with role etcd. Nothing where kubeadm runs a stacked one. */
export function etcdSteps(spec: ClusterSpec): Step[] {
  if (spec.etcd.topology !== "external") return [];
  const hosts = etcdHosts(spec);
  const controlPlanes = controlPlaneHosts(spec);
  return [
    etcdCaStep(spec),
    ...hosts.map((host) => etcdInstallStep(spec, host)),
    ...hosts.map((host) => memberCertsStep(spec, host)),
    ...controlPlanes.map(apiServerCertsStep),
    ...hosts.map((host) => etcdConfigureStep(spec, host)),
    etcdBootstrapStep(spec),
    etcdStartStep(spec),
    ...hosts.map((host) => etcdRestartStep(spec, host)),
    ...hosts.flatMap((host, index) => {
      const previous = hosts[index - 1];
      const after: StepId[] =
        previous === undefined
          ? hosts.map((one) => etcdStepId("restart", one.name))
          : [etcdStepId("promote", previous.name)];
      return [etcdJoinStep(spec, host, after), etcdPromoteStep(spec, host)];
    }),
  ];
}

/** Steps after which external etcd serves with all its members, and API servers have their certificates for it. */
export function etcdStepIds(spec: ClusterSpec): readonly StepId[] {
  if (spec.etcd.topology !== "external") return [];
  const controlPlanes = controlPlaneHosts(spec);
  return [
    ...etcdHosts(spec).map((host) => etcdStepId("promote", host.name)),
    ...controlPlanes.map((host) => etcdStepId("client-certs", host.name)),
  ];
}

/** Steps after which nothing is left to do for etcd on a host: it votes, and its API server has its way to it. */
export function etcdHostStepIds(spec: ClusterSpec, host: HostName): readonly StepId[] {
  if (spec.etcd.topology !== "external") return [];
  const roles = spec.hosts.find((one) => one.name === host)?.roles ?? [];
  return [
    ...(roles.includes("etcd") ? [etcdStepId("promote", host)] : []),
    ...(roles.includes("control-plane") ? [etcdStepId("client-certs", host)] : []),
  ];
}

function memberCertsStep(spec: ClusterSpec, host: HostSpec): Step {
  const state = memberState(spec.etcd.dataDir);
  return etcdCertsStep({
    isOthers: async (look) => isLiving(await look.fact(state)),
    id: etcdStepId("certs", host.name),
    title: `Issue the etcd certificates of ${host.name}`,
    host,
    set: memberCertificates(host),
    after: [etcdStepId("install", host.name)],
  });
}

function apiServerCertsStep(host: HostSpec): Step {
  return etcdCertsStep({
    id: etcdStepId("client-certs", host.name),
    title: `Issue the certificate ${host.name} talks to etcd with`,
    host,
    set: apiServerCertificates,
    // openssl, with which keys are looked at, is there after the baseline or etcd's own packages.
    after: [osBaselineStepId(host.name), ...(host.roles.includes("etcd") ? [etcdStepId("install", host.name)] : [])],
  });
}
