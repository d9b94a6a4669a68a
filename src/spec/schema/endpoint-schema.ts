import { z } from "zod";
import { apiServerPort } from "../cluster-spec.ts";
import { port, wholeNumber } from "./numbers.ts";
import { textOf } from "./value-kind.ts";
import { valueKinds } from "./value-kinds.ts";

/** `spec.endpoint`: where clients reach the API servers. */
export const endpointSchema = z
  .strictObject({
    name: textOf(valueKinds.domainName)
      .describe(
        "DNS name clients use; goes into certificates. Required with an external load balancer without an address.",
      )
      .optional(),
    port: port().describe("TCP port clients connect to.").default(apiServerPort),
    virtualIP: z
      .strictObject({
        address: textOf(valueKinds.address, "10.0.0.10").describe(
          "The virtual IP: a free address in the load balancers' subnet.",
        ),
        prefix: wholeNumber(1, 128).describe("Prefix length of that subnet: 1 to 32 for IPv4, 1 to 128 for IPv6."),
        interface: textOf(valueKinds.interfaceName)
          .describe("Interface that carries the virtual IP. Default: the one with an address in its subnet.")
          .optional(),
        routerId: wholeNumber(1, 255)
          .describe("VRRP virtual router id (RFC 5798, section 5.2.3); unique in the broadcast domain.")
          .default(51),
        vrrp: z
          .enum(["unicast", "multicast"])
          .describe("How the load balancers tell each other that they live; unicast works where multicast is filtered.")
          .default("unicast"),
        failover: z
          .enum(["authenticated", "fast"])
          .describe(
            "authenticated: VRRP version 2 with a password, one advertisement a second. fast: version 3, two a second, which has no authentication (RFC 5798, section 9). IPv6 is always fast.",
          )
          .default("authenticated"),
      })
      .describe("An address that moves between the load-balancer hosts (HAProxy and Keepalived, set up by Slipway).")
      .optional(),
    external: z
      .strictObject({
        address: textOf(valueKinds.address, "192.0.2.10")
          .describe("Its address, where clients cannot resolve the name.")
          .optional(),
      })
      .describe("Somebody else's load balancer in front of the API servers; set {} and `name`, or an address.")
      .optional(),
  })
  .describe(
    "Where clients reach the API servers: virtualIP, external, or neither (the only load balancer, or else the only control plane).",
  );

/** `spec.loadBalancer`: the load-balancer hosts, beyond the endpoint. */
export const loadBalancerSchema = z
  .strictObject({
    statsPort: port().describe("TCP port of HAProxy's statistics page, on loopback.").default(8404),
    passthrough: z
      .array(
        z.strictObject({
          port: port().describe("TCP port on the load balancers."),
          nodePort: wholeNumber(30_000, 32_767).describe(
            "NodePort of the ingress controller on the workers (Kubernetes' default range is 30000-32767).",
          ),
        }),
      )
      .describe("Ingress ports passed through to the workers as TCP; empty until an ingress controller is there.")
      .default([]),
  })
  .describe("HAProxy on the load-balancer hosts.");
