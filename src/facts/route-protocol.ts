/**
 * Number in the kernel's table of who made a route; free among those iproute2 and the routing daemons use
 * (https://github.com/iproute2/iproute2/blob/main/etc/iproute2/rt_protos, 2026-11-21). It tells our routes from others'.
 */
export const routeProtocol = "120";
