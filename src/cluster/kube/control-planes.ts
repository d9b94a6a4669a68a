import { apiServerPort, type HostSpec } from "../../spec/cluster-spec.ts";
import type { CurlServer } from "./curl-requests.ts";
import { kubeClient } from "./kube-access.ts";

/** The API server of a control plane host, as that host itself reaches it. */
export function ownApiServer(host: Pick<HostSpec, "address">): CurlServer {
  const address = host.address.includes(":") ? `[${host.address}]` : host.address;
  return { origin: `https://${address}:${apiServerPort}`, ...kubeClient };
}
