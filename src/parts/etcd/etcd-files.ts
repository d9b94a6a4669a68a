import { file } from "../../resources/file.ts";
import type { Resource } from "../../resources/resource.ts";
import type { ClusterSpec, HostSpec } from "../../spec/cluster-spec.ts";
import { etcdEnvironment } from "./etcd-environment.ts";
import { etcdProgram } from "./etcd-install-step.ts";
import { etcdEnvironmentPath, etcdUnitPath } from "./etcd-layout.ts";
import { etcdUnit } from "./etcd-unit.ts";

/** The files a member is started with. */
export function etcdFiles(spec: ClusterSpec, host: HostSpec): readonly Resource[] {
  return [
    file({ path: etcdUnitPath, content: etcdUnit(etcdProgram(spec), spec.etcd.dataDir) }),
    file({ path: etcdEnvironmentPath, content: etcdEnvironment(spec, host) }),
  ];
}
