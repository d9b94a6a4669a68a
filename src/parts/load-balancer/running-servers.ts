import type { Change } from "../../engine/step.ts";
import {
  type HaproxyFrontend,
  type HaproxyServer,
  haproxyFrontends,
  haproxyServers,
} from "../../facts/haproxy-servers.ts";
import type { Comparison, Resource } from "../../resources/resource.ts";
import type { BackendServer } from "./haproxy-config.ts";

const unit = "haproxy.service";

/**
 * The servers the running HAProxy uses, which the runtime socket can change behind the file's back: one left in
 * maintenance, drained, moved or removed is drift, and so is a frontend that was told to listen no more. A reload makes it so. Comes after the service in its group.
 */
export function runningServers(wanted: readonly BackendServer[], statsPort: number): Resource {
  const key = "servers of the running HAProxy";
  const asked = haproxyServers(statsPort);
  const frontends = haproxyFrontends(statsPort);
  return {
    key,
    reads: asked.reads,
    compare(answers, changed): Comparison {
      // What the service is about to load is not running yet; it is looked at again afterwards.
      if (changed.has(`service ${unit}`)) return { state: "same" };
      const running = asked.parse(asked.reads.map((read) => answers.of(read)));
      const listening = frontends.parse(frontends.reads.map((read) => answers.of(read)));
      const [first, ...rest] =
        running === "not-answering" || listening === "not-answering"
          ? [`nobody answers on 127.0.0.1:${statsPort}`]
          : [...listening.flatMap(deafness), ...differences(wanted, running)].sort();
      if (first === undefined) return { state: "same" };
      const change = (because: string): Change => ({ verb: "run", what: key, to: "reloaded", because });
      return {
        state: "different",
        changes: [change(first), ...rest.map(change)],
        make: [{ kind: "run", argv: ["systemctl", "reload-or-restart", "--", unit] }],
      };
    },
  };
}

function deafness({ name, status }: HaproxyFrontend): readonly string[] {
  return status === "PAUSED" || status === "STOP" ? [`frontend ${name} does not listen (${status})`] : [];
}

function differences(wanted: readonly BackendServer[], running: readonly HaproxyServer[]): string[] {
  const idOf = (server: { backend: string; name: string }) => `${server.backend}/${server.name}`;
  const found = new Map(running.map((server) => [idOf(server), server]));
  const declared = new Set(wanted.map(idOf));
  return [
    ...wanted.flatMap((server) => difference(server, found.get(idOf(server)), idOf(server))),
    ...running.filter((server) => !declared.has(idOf(server))).map((server) => `server ${idOf(server)} is extra`),
  ];
}

function difference(wanted: BackendServer, running: HaproxyServer | undefined, id: string): readonly string[] {
  if (running === undefined) return [`server ${id} is missing`];
  if (running.address !== "" && running.address !== wanted.address) {
    return [`server ${id} is at ${running.address}, not ${wanted.address}`];
  }
  if (running.status.startsWith("MAINT")) return [`server ${id} is in maintenance`];
  if (running.status.startsWith("DRAIN") || running.weight === 0) return [`server ${id} is drained`];
  return [];
}
