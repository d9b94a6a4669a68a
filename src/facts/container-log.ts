import type { Fact } from "./fact.ts";
import { commandOf } from "./not-understood.ts";

/** The log of a static pod's container that was written last. */
export interface ContainerLog {
  readonly path: string;
  /** Of the pod: another one when its manifest has changed. */
  readonly pod: string;
  /** How often kubelet has started the container again. */
  readonly restarts: number;
}

/**
 * Where kubelet keeps the log of a container of a static pod in kube-system; undefined when it never ran. One file for each
 * start, named after the number of starts before it:
 * https://kubernetes.io/docs/concepts/cluster-administration/logging/#log-location-node (2026-11-21)
 */
export function containerLog(container: string): Fact<ContainerLog | undefined> {
  const pattern = `/var/log/pods/kube-system_${container}-*/${container}/*.log`;
  const argv = ["find", "/var/log/pods", "-path", pattern, "-printf", "%T@ %p\\n"];
  return {
    name: `container-log ${container}`,
    reads: [{ kind: "run", argv }],
    parse([answer]) {
      const said = commandOf("container-log", argv.join(" "), answer).stdout.toString("utf8");
      const files = [...said.matchAll(/^([\d.]+) (\/var\/log\/pods\/([^/\n]+)\/[^/\n]+\/(\d+)\.log)$/gm)];
      const [last] = files.sort(([, one], [, other]) => Number(other) - Number(one));
      const [, , path = "", pod = "", restarts] = last ?? [];
      return path === "" ? undefined : { path, pod, restarts: Number(restarts) };
    },
  };
}

/** The last lines of such a log, without what the container runtime puts before each: time, stream and a tag. */
export function lastLogLines({ path }: ContainerLog, count: number): Fact<readonly string[]> {
  const argv = ["tail", "-n", String(count), "--", path];
  return {
    name: `last-log-lines ${path}`,
    reads: [{ kind: "run", argv }],
    parse([answer]) {
      const lines = commandOf("last-log-lines", argv.join(" "), answer).stdout.toString("utf8").split("\n");
      return lines.flatMap((line) => (line.trim() === "" ? [] : [line.replace(/^\S+ (?:stdout|stderr) [FP] /, "")]));
    },
  };
}
