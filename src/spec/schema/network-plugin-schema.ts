import { z } from "zod";
import { wholeNumber } from "./numbers.ts";
import { textOf } from "./value-kind.ts";
import { valueKinds } from "./value-kinds.ts";

/** `spec.network.plugin`. Fields without a default here have the one of their kind, in `network-plugin.ts`. */
export const networkPluginSchema = z
  .strictObject({
    kind: z
      .enum(["bridge", "flannel", "calico", "cilium"])
      .describe(
        "bridge: CNI's own plugins and static routes; needs no image and no way out, but all nodes on one network segment, and enforces no NetworkPolicy. flannel: an overlay, enforces no NetworkPolicy. calico and cilium: for production, with NetworkPolicy.",
      )
      .default("bridge"),
    version: textOf(valueKinds.pluginVersion)
      .describe("Version of flannel, calico or cilium. Default: the one this version of Slipway is made for.")
      .optional(),
    backend: z
      .enum(["vxlan", "host-gw", "wireguard"])
      .describe("How packets travel between nodes; only with kind: flannel. Default: vxlan.")
      .optional(),
    encapsulation: z
      .enum(["VXLAN", "VXLANCrossSubnet", "IPIP", "None"])
      .describe("How packets travel between nodes; only with kind: calico. Default: VXLAN, or None with bgp.")
      .optional(),
    bgp: z.boolean().describe("Announce pod ranges with BGP; only with kind: calico. Default: false.").optional(),
    peers: z
      .array(
        z.strictObject({
          address: textOf(valueKinds.address, "10.0.0.1").describe("Address of the router."),
          asNumber: wholeNumber(1, 4_294_967_295).describe("Its autonomous system."),
        }),
      )
      .describe("Routers that learn pod ranges; only with bgp: true.")
      .optional(),
    kubeProxyReplacement: z
      .boolean()
      .describe("Cilium carries Services, without kube-proxy; only with kind: cilium. Default: true.")
      .optional(),
    hubble: z.boolean().describe("Observe flows with Hubble; only with kind: cilium. Default: true.").optional(),
    encryption: z
      .enum(["none", "wireguard"])
      .describe("Encrypt traffic between nodes; only with kind: cilium. Default: none.")
      .optional(),
    routing: z
      .enum(["tunnel", "native"])
      .describe(
        "tunnel: VXLAN between nodes, on any network. native: the hosts' own routes; only with kind: cilium. Default: tunnel.",
      )
      .optional(),
  })
  .describe("The network plugin.");
