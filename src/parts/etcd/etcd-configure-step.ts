import { etcdUnit as etcdUnitName } from "../../cluster/etcd-status.ts";
import type { HostStep } from "../../engine/step.ts";
import { etcdData } from "../../facts/etcd-data.ts";
import { loadedUnit } from "../../facts/loaded-unit.ts";
import { together } from "../../facts/together.ts";
import { file } from "../../resources/file.ts";
import type { Inspection } from "../../resources/inspection.ts";
import type { Resource } from "../../resources/resource.ts";
import { hostStateStep } from "../../resources/resource-group.ts";
import { service } from "../../resources/service.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { bootstrapFile } from "./etcd-birth.ts";
import { etcdEnvironment } from "./etcd-environment.ts";
import { fixedSettingChanged } from "./etcd-fixed-settings.ts";
import { etcdProgram } from "./etcd-install-step.ts";
import { etcdEnvironmentPath, etcdStepId, etcdUnitPath } from "./etcd-layout.ts";
import { etcdUnit } from "./etcd-unit.ts";

/** Whether a member lives on a host, and whether it runs. */
export const memberState = (dataDir: string) =>
  together({ data: etcdData(dataDir), unit: loadedUnit(etcdUnitName), birth: bootstrapFile });

/**
 * Unit and environment of one member. What runs is left alone: the restart step loads them. A member whose data or ports
 * the cluster file has moved is refused as `etcd/fixed-setting-changed`.
 */
export function etcdConfigureStep(spec: ClusterSpec, host: HostSpec): HostStep<Inspection> {
  const files = etcdFiles(spec, host);
  // A package's own etcd, started by a reboot before it was configured, has its data elsewhere.
  const withoutStranger = [...files, service({ unit: etcdUnitName, running: false, enabled: true })];
  const inner = hostStateStep({
    id: etcdStepId("configure", host.name),
    title: `Configure etcd on ${host.name}`,
    phase: "etcd",
    on: host.name,
    after: [etcdStepId("install", host.name), etcdStepId("certs", host.name)],
    needs: memberState(spec.etcd.dataDir),
    resources: ({ data, unit, birth }) =>
      unit !== "no-systemd" &&
      unit.active === "active" &&
      unit.fragmentPath !== etcdUnitPath &&
      data === "absent" &&
      birth === undefined
        ? withoutStranger
        : files,
  });
  return {
    ...inner,
    async check(look) {
      const [moved, check] = await Promise.all([fixedSettingChanged(look, spec, host), inner.check(look)]);
      return moved === undefined ? check : { state: "refused", problem: moved };
    },
  };
}

/** The files a member is started with. */
export function etcdFiles(spec: ClusterSpec, host: HostSpec): readonly Resource[] {
  return [
    file({ path: etcdUnitPath, content: etcdUnit(etcdProgram(spec), spec.etcd.dataDir) }),
    file({ path: etcdEnvironmentPath, content: etcdEnvironment(spec, host) }),
  ];
}
