import { etcdUnit as etcdUnitName } from "../../cluster/etcd-status.ts";
import type { HostStep } from "../../engine/step.ts";
import type { Inspection } from "../../resources/inspection.ts";
import type { Resource } from "../../resources/resource.ts";
import { hostStateStep } from "../../resources/resource-group.ts";
import { service } from "../../resources/service.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { etcdFiles } from "./etcd-files.ts";
import { etcdStepId, etcdUnitPath } from "./etcd-layout.ts";
import { isActive, isLiving, memberState } from "./member-state.ts";

const nothing: readonly Resource[] = [];

/** Unit and environment of a member that is not born yet; those of a living one are its restart step's. */
export function etcdConfigureStep(spec: ClusterSpec, host: HostSpec): HostStep<Inspection> {
  const files = etcdFiles(spec, host);
  // A package's own etcd, started by a reboot before it was configured, has its data elsewhere.
  const withoutStranger = [...files, service({ unit: etcdUnitName, running: false, enabled: true })];
  return hostStateStep({
    id: etcdStepId("configure", host.name),
    title: `Configure etcd on ${host.name}`,
    phase: "etcd",
    on: host.name,
    after: [etcdStepId("install", host.name), etcdStepId("certs", host.name)],
    needs: memberState(spec.etcd.dataDir),
    resources: ({ data, unit, birth }) => {
      if (isLiving({ data, unit })) return nothing;
      const isStranger = isActive(unit) && unit !== "no-systemd" && unit.fragmentPath !== etcdUnitPath;
      return isStranger && birth === undefined ? withoutStranger : files;
    },
  });
}
