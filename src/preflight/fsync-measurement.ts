import type { Interpreter } from "../facts/interpreter.ts";
import type { CommandResult, HostChange } from "../hosts/port.ts";
import { ProblemError } from "../problems/problem.ts";

/** How long writes took to be on disk. */
export type FsyncLatency =
  | { readonly kind: "percentiles"; readonly writes: number; readonly p50Ms: number; readonly p99Ms: number }
  /** Where a host has nothing that could time a single write. */
  | { readonly kind: "mean"; readonly writes: number; readonly meanMs: number };

/**
 * The size of write etcd's documentation measures with: fio --rw=write --ioengine=sync --fdatasync=1 --bs=2300
 * (https://etcd.io/docs/v3.6/op-guide/hardware/ and the article it links, 2026-11).
 */
const writeBytes = 2300;
const writes = 300;
/** The loop stops here on a slow disk, with fewer writes. */
const withinSeconds = 2;
const timeoutMs = 60_000;

/**
 * The command that measures how fast the disk below `folder` is. It writes to a file that has no name by the time the
 * first byte is written, so that nothing is left however it ends. `folder` must exist.
 */
export function fsyncMeasurement(by: Interpreter, folder: string): HostChange {
  const program = by.language === "perl" ? ["-e", perlProgram, "--"] : ["-c", pythonProgram];
  const limits = [writeBytes, writes, withinSeconds].map(String);
  return { kind: "run", argv: [by.command, ...program, folder, ...limits], timeoutMs };
}

/** Reads what the command printed: one duration per line, in microseconds. */
export function fsyncLatency(result: CommandResult): FsyncLatency {
  const lines = result.stdout.toString("utf8").trim().split("\n");
  const micros = lines.map(Number).sort((one, other) => one - other);
  if (lines[0] === "" || micros.some((one) => !Number.isFinite(one) || one < 0)) throw notMeasured(result);
  return {
    kind: "percentiles",
    writes: micros.length,
    p50Ms: percentile(micros, 0.5) / 1000,
    p99Ms: percentile(micros, 0.99) / 1000,
  };
}

/** Without an interpreter: dd, which tells how long all writes took together. It leaves `file` behind: the caller removes it. */
export function meanMeasurement(file: string): HostChange {
  const size = [`bs=${writeBytes}`, `count=${writes}`];
  return { kind: "run", argv: ["dd", "if=/dev/zero", `of=${file}`, ...size, "oflag=dsync"], timeoutMs };
}

/** Reads dd's summary: "690000 bytes (690 kB, 674 KiB) copied, 0.51 s, 1.4 MB/s". */
export function meanLatency(result: CommandResult): FsyncLatency {
  const seconds = /copied, ([\d.e+-]+) s/.exec(result.stderr.toString("utf8"))?.[1];
  if (seconds === undefined) throw notMeasured(result);
  return { kind: "mean", writes, meanMs: (Number(seconds) * 1000) / writes };
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function notMeasured(result: CommandResult): ProblemError {
  const said = result.stdout.length > 0 ? result.stdout : result.stderr;
  return new ProblemError({
    code: "host/output-not-understood",
    severity: "error",
    message: "the duration of writes cannot be read from the measurement",
    because: "it did not print numbers",
    evidence: {
      command: "fsync measurement",
      exitCode: result.exitCode,
      lastLines: said.toString("utf8").trim().split("\n").slice(-5),
    },
  });
}

/**
 * fdatasync and a clock fine enough are in no module of a minimal perl, so both are asked of the kernel by number; on an
 * architecture whose numbers are not here it ends with an error. The file is filled first, so that no write changes its
 * size: etcd, too, writes into space it has taken beforehand.
 */
const perlProgram = `
use strict; use Fcntl; use POSIX (); use IO::Handle;
my ($folder, $size, $count, $limit) = @ARGV;
my %numbers = ("x86_64" => [228, 75], "aarch64" => [113, 83]);
my $calls = $numbers{(POSIX::uname())[4]} or die "no system call numbers for this architecture\\n";
my $name = "$folder/.slipway-fsync.$$";
sysopen(my $file, $name, O_RDWR | O_CREAT | O_EXCL, 0600) or die "$name: $!\\n";
unlink $name;
sub now { my $time = "\\0" x 16; syscall($calls->[0], 1, $time); my ($s, $ns) = unpack "qq", $time; $s * 1e6 + $ns / 1e3 }
defined syswrite($file, "\\0" x ($size * $count)) or die "$name: $!\\n";
$file->sync or die "$name: $!\\n";
sysseek $file, 0, 0;
my ($until, $data, @took) = (now() + $limit * 1e6, "x" x $size);
for (1 .. $count) {
  my $start = now();
  defined syswrite($file, $data) or die "$name: $!\\n";
  syscall($calls->[1], fileno $file) == 0 or die "$name: $!\\n";
  my $end = now();
  push @took, $end - $start;
  last if $end > $until;
}
printf "%.0f\\n", $_ for @took;
`;

const pythonProgram = `
import os, sys, time
folder, (size, count, limit) = sys.argv[1], map(int, sys.argv[2:5])
name = "%s/.slipway-fsync.%d" % (folder, os.getpid())
file = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
os.unlink(name)
os.write(file, bytes(size * count))
os.fsync(file)
os.lseek(file, 0, 0)
until, data = time.monotonic() + limit, b"x" * size
for _ in range(count):
    start = time.monotonic()
    os.write(file, data)
    os.fdatasync(file)
    end = time.monotonic()
    print("%.0f" % ((end - start) * 1e6))
    if end > until:
        break
`;
