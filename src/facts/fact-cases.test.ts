import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { grepLines, isGrepLines } from "../../test/support/grep-lines.ts";
import type { Answer, FileStat, Read } from "../hosts/port.ts";
import { ProblemError } from "../problems/problem.ts";
import { aptCandidate } from "./apt-candidate.ts";
import { aptListsAgeSeconds } from "./apt-lists.ts";
import { blockDevices } from "./block-devices.ts";
import { capabilities } from "./capabilities.ts";
import { certificateFiles } from "./certificate-files.ts";
import { cgroupVersion } from "./cgroup-version.ts";
import { clockSynchronized } from "./clock-synchronized.ts";
import { conntrackMaximum } from "./conntrack-maximum.ts";
import { containerdImages } from "./containerd-images.ts";
import { containerdVersion } from "./containerd-version.ts";
import { debPackages } from "./deb-packages.ts";
import { diskUsage } from "./disk-usage.ts";
import { dnfLocks } from "./dnf-locks.ts";
import { effectiveUser } from "./effective-user.ts";
import type { Fact } from "./fact.ts";
import { filesContaining } from "./files-containing.ts";
import { firewall } from "./firewall.ts";
import { type ChartRendering, helmTemplate } from "./helm-template.ts";
import { hostIdentity } from "./host-identity.ts";
import { hostTime } from "./host-time.ts";
import { interfaces } from "./interfaces.ts";
import { type Interpreter, interpreter } from "./interpreter.ts";
import { kernel } from "./kernel.ts";
import { kernelFeature } from "./kernel-feature.ts";
import { listeningPorts } from "./listening-ports.ts";
import { load } from "./load.ts";
import { loadedUnit, swapUnits } from "./loaded-unit.ts";
import { managerLimits } from "./manager-limits.ts";
import { memory } from "./memory.ts";
import { nameLookup } from "./name-lookup.ts";
import { neighbour } from "./neighbour.ts";
import { osRelease } from "./os-release.ts";
import { packageSources } from "./package-sources.ts";
import { pathPacket } from "./path-packet.ts";
import { processors } from "./processors.ts";
import { resolver } from "./resolver.ts";
import { routes } from "./routes.ts";
import { routesOfProtocol } from "./routes-of-protocol.ts";
import { rpmPackages } from "./rpm-packages.ts";
import { selinuxMode } from "./selinux-mode.ts";
import { type ServedPlace, servedCertificate } from "./served-certificate.ts";
import { swapAreas } from "./swap-areas.ts";
import { symbolicLinks } from "./symbolic-links.ts";
import { sysctls } from "./sysctls.ts";
import { systemState } from "./system-state.ts";
import { type TcpTarget, tcpReach } from "./tcp-reach.ts";

/** An answer as it is written in a case. */
type WrittenAnswer =
  | { readonly exitCode: number; readonly stdout: string; readonly stderr?: string }
  | { readonly content: string }
  | { readonly stat: Omit<FileStat, "kind"> }
  | { readonly missing: true }
  | { readonly unreadable: string };

interface Case {
  /** For facts that are made from arguments. */
  readonly args?: readonly unknown[];
  readonly answers: readonly WrittenAnswer[];
  /** Exactly one of these: what parse returns, that it returns undefined, or the code of what it throws. */
  readonly value?: unknown;
  readonly undefined?: true;
  readonly problem?: string;
}

const facts: Readonly<Record<string, (args: readonly unknown[]) => Fact<unknown>>> = {
  "apt-candidate": ([name]) => aptCandidate(String(name)),
  "apt-lists": () => aptListsAgeSeconds,
  capabilities: () => capabilities,
  "conntrack-maximum": () => conntrackMaximum,
  "containerd-images": () => containerdImages,
  "containerd-version": () => containerdVersion,
  "deb-packages": ([names]) => debPackages(names as string[]),
  "dnf-locks": () => dnfLocks,
  "files-containing": ([folder, name, text]) => filesContaining(String(folder), String(name), String(text)),
  "host-time": () => hostTime,
  "kernel-feature": ([name]) => kernelFeature(String(name)),
  "loaded-unit": ([name]) => loadedUnit(String(name)),
  "manager-limits": () => managerLimits,
  "rpm-packages": ([names]) => rpmPackages(names as string[]),
  "swap-units": () => swapUnits,
  sysctls: ([keys]) => sysctls(keys as string[]),
  "block-devices": () => blockDevices,
  "cgroup-version": () => cgroupVersion,
  "certificate-files": ([folders]) => certificateFiles(folders as string[]),
  "clock-synchronized": () => clockSynchronized,
  "disk-usage": ([path]) => diskUsage(String(path)),
  "effective-user": () => effectiveUser,
  firewall: () => firewall,
  "helm-template": ([rendering]) => helmTemplate(rendering as ChartRendering),
  "host-identity": () => hostIdentity,
  interfaces: () => interfaces,
  interpreter: () => interpreter,
  kernel: () => kernel,
  "listening-ports": () => listeningPorts,
  load: () => load,
  memory: () => memory,
  "name-lookup": ([name]) => nameLookup(String(name)),
  neighbour: ([address]) => neighbour(String(address)),
  "os-release": () => osRelease,
  "package-sources": () => packageSources,
  "path-packet": ([address, size]) => pathPacket(String(address), Number(size)),
  processors: () => processors,
  resolver: () => resolver,
  routes: () => routes,
  "routes-of-protocol": ([protocol, family]) => routesOfProtocol(String(protocol), family === 6 ? 6 : 4),
  "selinux-mode": () => selinuxMode,
  "served-certificate": ([place]) => servedCertificate(place as ServedPlace),
  "swap-areas": () => swapAreas,
  "symbolic-links": ([paths]) => symbolicLinks(paths as string[]),
  "system-state": () => systemState,
  "tcp-reach": ([by, targets]) => tcpReach(by as Interpreter, targets as TcpTarget[]),
};

const root = new URL("../../test/cases/facts/", import.meta.url);

/** Every fact has cases with answers as hosts gave them, with a missing tool and with output it does not know. */
describe.each(Object.entries(facts))("fact %s", (name, make) => {
  const folder = new URL(`${name}/`, root);
  const cases = readdirSync(folder).filter((file) => file.endsWith(".json"));

  test.each(cases)("%s", (file) => {
    const written = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Case;
    const fact = make(written.args ?? []);
    const answers = written.answers.map((answer, at) => answerOf(answer, fact.reads[at]));
    expect(answers).toHaveLength(fact.reads.length);
    if (written.problem === undefined) {
      expect(written.undefined === true).toBe(written.value === undefined);
      expect(plain(fact.parse(answers))).toEqual(written.value);
    } else {
      expect(codeThrownBy(() => fact.parse(answers))).toBe(written.problem);
    }
  });

  test("has a case for output it does not know, and one for a tool or file that is not there", () => {
    const names = cases.join(" ");
    expect(names).toMatch(/invalid-|unreadable/);
    expect(names).toMatch(/command-missing|file-missing|no-firmware|no-selinux|kernel-without-swap|invalid-uptime/);
  });
});

function answerOf(written: WrittenAnswer, read: Read | undefined): Answer {
  const path = read?.kind === "run" && isGrepLines(read.argv) ? read.operands?.[0] : undefined;
  if (path !== undefined && !("exitCode" in written)) return amongOthers(path, written);
  if ("missing" in written) return { kind: "missing", exists: false };
  if ("unreadable" in written) return { kind: "unreadable", because: written.unreadable };
  if ("stat" in written) return { kind: "stat", ...written.stat };
  if ("content" in written) return { kind: "content", bytes: Buffer.from(written.content), truncated: false };
  return {
    kind: "result",
    exitCode: written.exitCode,
    stdout: Buffer.from(written.stdout),
    stderr: Buffer.from(written.stderr ?? ""),
    truncated: false,
    durationMs: 1,
  };
}

/** As hosts answer it: with what others have asked for. */
function amongOthers(path: string, written: WrittenAnswer): Answer {
  const file = "content" in written ? written.content : "unreadable" in written ? written : undefined;
  const paths = ["/proc/before", path, "/proc/nowhere", "/proc/after"];
  const said = grepLines(paths, (one) => (one === path ? file : one === "/proc/nowhere" ? undefined : "1: 2\n3\n"));
  const { exitCode, stdout, stderr } = said;
  return { kind: "result", exitCode, stdout, stderr: Buffer.from(stderr), truncated: false, durationMs: 1 };
}

function codeThrownBy(work: () => unknown): string {
  try {
    return `no problem, but ${JSON.stringify(work())}`;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.code;
    throw error;
  }
}

/** As JSON holds it: dates as text, maps as objects, sets as arrays. */
function plain(value: unknown): unknown {
  if (value === undefined) return undefined;
  return JSON.parse(
    JSON.stringify(value, (_, one) => {
      if (one instanceof Map) return Object.fromEntries(one);
      return one instanceof Set ? [...one] : one;
    }),
  );
}
