import type { Change } from "../../engine/step.ts";
import { routeProtocol } from "../../facts/route-protocol.ts";
import type { Route } from "../../facts/routes.ts";
import { routesOfProtocol } from "../../facts/routes-of-protocol.ts";
import type { HostChange } from "../../hosts/port.ts";
import type { Resource } from "../../resources/resource.ts";
import { type PodRoute, routeWords } from "./bridge-files.ts";

/** The routes to other nodes' pods and to Services as the kernel has them: exactly these of ours, and everybody else's left alone. */
export function podRoutes(wanted: readonly PodRoute[], podCidr: string): Resource {
  const family = podCidr.includes(":") ? 6 : 4;
  const fact = routesOfProtocol(routeProtocol, family);
  const ip = ["ip", `-${family}`, "route"];
  return {
    key: "routes to other nodes' pods",
    reads: fact.reads,
    compare(answers) {
      const found = fact.parse(fact.reads.map((read) => answers.of(read)));
      const changes: Change[] = [];
      const make: HostChange[] = [];
      for (const { destination, gateway } of found) {
        if (wanted.some((one) => one.destination === destination)) continue;
        const what = `route ${destination} via ${gateway ?? "nobody"}`;
        changes.push({ verb: "delete", what, because: "no node of the cluster has these addresses" });
        make.push({ kind: "run", argv: [...ip, "del", destination, "protocol", routeProtocol] });
      }
      for (const route of wanted) {
        const there = found.find((one) => one.destination === route.destination);
        if (there !== undefined && wayOf(there) === wayOf(route)) continue;
        const what = `route ${route.destination}`;
        const from = there === undefined ? {} : { from: wayOf(there) };
        changes.push({ verb: there === undefined ? "create" : "update", what, ...from, to: wayOf(route) });
        make.push({ kind: "run", argv: [...ip, "replace", ...routeWords(route)] });
      }
      const [first, ...rest] = changes;
      return first === undefined ? { state: "same" } : { state: "different", changes: [first, ...rest], make };
    },
  };
}

function wayOf(route: Route | PodRoute): string {
  if ("gateway" in route) return `via ${route.gateway}`;
  return `on ${route.device ?? "no interface"}`;
}
