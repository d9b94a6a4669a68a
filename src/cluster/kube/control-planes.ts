import { apiServerPort, type ClusterSpec, type HostSpec } from "../../spec/cluster-spec.ts";
import type { CurlServer } from "./curl-requests.ts";
import { kubeClient } from "./kube-access.ts";

/** Hosts with role control-plane, in the order of the cluster file. */
export function controlPlaneHosts(spec: ClusterSpec): readonly HostSpec[] {
  return spec.hosts.filter((host) => host.roles.includes("control-plane"));
}

/** The API server of a control plane host, as that host itself reaches it. */
export function ownApiServer(host: Pick<HostSpec, "address">): CurlServer {
  const address = host.address.includes(":") ? `[${host.address}]` : host.address;
  return { origin: `https://${address}:${apiServerPort}`, ...kubeClient };
}
