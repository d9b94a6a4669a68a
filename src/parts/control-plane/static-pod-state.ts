import { createHash } from "node:crypto";
import { parse as parseYaml } from "yaml";
import type { Fact } from "../../facts/fact.ts";
import { hostTime } from "../../facts/host-time.ts";
import { fileAmong, linesOfFiles } from "../../facts/lines-of-files.ts";
import { commandOf, textOf } from "../../facts/not-understood.ts";
import { pathStat } from "../../facts/path-stat.ts";
import type { Answer, CommandResult, Read } from "../../hosts/port.ts";
import { manifestStampPath } from "./control-plane-layout.ts";
import { type ManifestStamp, parseManifestStamp } from "./manifest-stamp.ts";
import type { StaticPod } from "./static-pods.ts";

/** A running process of a static pod. */
export interface StaticPodProcess {
  readonly pid: number;
  /** Its command line, words separated by spaces. */
  readonly command: string;
  /** Seconds since the epoch by the host's clock, to the second. */
  readonly startedAt: number;
}

/** How a static pod is on a host: on disk and running. */
export interface StaticPodState {
  readonly pod: StaticPod;
  /** SHA-256 of the manifest; undefined when there is none. */
  readonly manifest?: string;
  /** The command in the manifest; undefined when it has none that is understood. */
  readonly command?: string;
  /** What the manifest was made from, as far as Slipway knows. */
  readonly stamp?: ManifestStamp;
  readonly processes: readonly StaticPodProcess[];
  /** Files it loads when it starts, with their modification times in seconds since the epoch. */
  readonly loads: readonly { readonly path: string; readonly modifiedAt: number }[];
  /** Of these, files that are not as the cluster file says. */
  readonly differing: readonly string[];
}

/** Reads how static pods are, in one round trip. */
export function staticPodStates(pods: readonly StaticPod[]): Fact<readonly StaticPodState[]> {
  const ps = ["ps", "-ww", "-o", "comm=,pid=,etimes=,args=", "-C", pods.map((pod) => pod.process).join(",")];
  const files = [...new Set(pods.flatMap((pod) => pod.loads))];
  const declared = [...new Set(pods.flatMap((pod) => [...pod.declared.keys()]))];
  const reads: readonly Read[] = [
    linesOfFiles([manifestStampPath]),
    { kind: "run", argv: ps },
    ...pods.map((pod): Read => ({ kind: "content", path: pod.manifestPath, maxBytes: 256 * 1024 })),
    ...files.map((path): Read => ({ kind: "stat", path })),
    ...declared.map((path): Read => ({ kind: "digest", path })),
    ...hostTime.reads,
  ];
  return {
    name: "static-pods",
    reads,
    parse([stamp, running, ...rest]) {
      const stampFile = fileAmong("static-pods", manifestStampPath, stamp);
      const stamps = parseManifestStamp(textOf("static-pods", manifestStampPath, stampFile) ?? "");
      const digests = rest.slice(pods.length + files.length);
      const { now } = hostTime.parse(digests.slice(declared.length));
      const processes = processesIn(commandOf("static-pods", ps.join(" "), running), now);
      return pods.map((pod, index): StaticPodState => {
        const text = textOf("static-pods", pod.manifestPath, rest[index]);
        const command = text === undefined ? undefined : commandIn(text);
        const own = stamps.get(pod.name);
        return {
          pod,
          ...(text === undefined ? {} : { manifest: createHash("sha256").update(text).digest("hex") }),
          ...(command === undefined ? {} : { command }),
          ...(own === undefined ? {} : { stamp: own }),
          processes: processes.filter((one) => one.name === pod.process),
          loads: pod.loads.flatMap((path) => modified(path, rest[pods.length + files.indexOf(path)])),
          differing: [...pod.declared].flatMap(([path, digest]) =>
            isOther(digest, digests[declared.indexOf(path)]) ? [path] : [],
          ),
        };
      });
    },
  };
}

function modified(path: string, answer: Answer | undefined): StaticPodState["loads"] {
  const stat = pathStat(path, answer);
  return stat.exists ? [{ path, modifiedAt: stat.modifiedAt }] : [];
}

function isOther(digest: string, answer: Answer | undefined): boolean {
  return answer?.kind !== "digest" || answer.sha256 !== digest;
}

/** ps ends with 1 when there is no such process. */
function processesIn(result: CommandResult, now: number): readonly (StaticPodProcess & { readonly name: string })[] {
  return result.stdout
    .toString("utf8")
    .split("\n")
    .flatMap((line) => {
      const found = /^\s*(\S+)\s+(\d+)\s+(\d+)\s+(.*?)\s*$/.exec(line);
      if (found === null) return [];
      const [, name = "", pid, seconds, command = ""] = found;
      return [{ name, pid: Number(pid), command, startedAt: Math.floor(now - Number(seconds)) }];
    });
}

/** What somebody has made of a manifest need not be YAML. */
function commandIn(text: string): string | undefined {
  let manifest: unknown;
  try {
    manifest = parseYaml(text);
  } catch (cause) {
    if (cause instanceof Error && cause.name === "YAMLParseError") return undefined;
    throw cause;
  }
  const { spec } = (manifest ?? {}) as { spec?: { containers?: readonly { command?: readonly unknown[] }[] } };
  const command = spec?.containers?.[0]?.command;
  return Array.isArray(command) ? command.map(String).join(" ") : undefined;
}
