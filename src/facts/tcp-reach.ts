import type { Fact } from "./fact.ts";
import type { Interpreter } from "./interpreter.ts";
import { notUnderstood, outputOf } from "./not-understood.ts";

/** Where to connect to: a name or an address, and a port. */
export interface TcpTarget {
  readonly host: string;
  readonly port: number;
}

/**
 * What came back. "open" and "refused" both mean that the host at the other end answered; "silent" that nothing did in
 * time, as when a firewall drops; "unresolved" that the name has no address; "failed" that the network said no.
 */
export type TcpReach =
  | { readonly state: "open" | "refused" | "silent" }
  | { readonly state: "unresolved" | "failed"; readonly because: string };

/** How long all connections of one probe get together, unless the asker says otherwise. */
const defaultSeconds = 3;
/** Looking up names that no server answers for takes longer than connecting. */
const timeoutMs = 45_000;

/**
 * Opens TCP connections from a host to all targets at the same time, and closes them again without a byte sent. The
 * answers are in the order of the targets.
 */
export function tcpReach(
  by: Interpreter,
  targets: readonly TcpTarget[],
  withinSeconds: number = defaultSeconds,
): Fact<readonly TcpReach[]> {
  const words = targets.flatMap(({ host, port }) => [host, String(port)]);
  const program = by.language === "perl" ? ["-e", perlProgram, "--"] : ["-c", pythonProgram];
  const asked = `a TCP probe in ${by.language}`;
  return {
    name: `tcp-reach ${words.join(" ")}`,
    reads: [{ kind: "run", argv: [by.command, ...program, String(withinSeconds), ...words], timeoutMs }],
    parse: ([answer]) => {
      const lines = outputOf("tcp-reach", asked, answer)
        .split("\n")
        .filter((line) => line !== "");
      if (lines.length !== targets.length) {
        throw notUnderstood("tcp-reach", asked, answer, `${lines.length} answers for ${targets.length} targets`);
      }
      return lines.map((line) => {
        const [, state, because = ""] = /^(\S+) ?(.*)$/.exec(line) ?? [];
        if (state === "open" || state === "refused" || state === "silent") return { state };
        if (state === "unresolved" || state === "failed") return { state, because };
        throw notUnderstood("tcp-reach", asked, answer, `"${line}" is no answer of the probe`);
      });
    },
  };
}

const perlProgram = `
use strict; use Socket qw(:addrinfo :DEFAULT SOL_SOCKET SO_ERROR SOCK_STREAM); use POSIX (); use IO::Handle;
my $left = shift @ARGV; my (@state, %waiting);
while (@ARGV) {
  my ($host, $port) = splice @ARGV, 0, 2;
  push @state, "silent"; my $at = $#state;
  my ($bad, @found) = getaddrinfo($host, $port, { socktype => SOCK_STREAM });
  if ($bad || !@found) { $state[$at] = "unresolved $bad"; next }
  for my $to (@found) {
    if (!socket(my $s, $to->{family}, $to->{socktype}, $to->{protocol})) { $state[$at] = "failed $!"; next }
    else {
      IO::Handle::blocking($s, 0);
      if (connect $s, $to->{addr}) { $state[$at] = "open"; last }
      if ($! == POSIX::EINPROGRESS()) { $state[$at] = "silent"; $waiting{fileno $s} = [$at, $s]; last }
      $state[$at] = $! == POSIX::ECONNREFUSED() ? "refused" : "failed $!";
      last if $state[$at] eq "refused";
    }
  }
}
while (%waiting && $left > 0) {
  my $bits = ""; vec($bits, $_, 1) = 1 for keys %waiting;
  (my $found, $left) = select(undef, my $ready = $bits, undef, $left);
  next if $found <= 0;
  for my $fd (keys %waiting) {
    next unless vec($ready, $fd, 1);
    my ($at, $s) = @{ delete $waiting{$fd} };
    local $! = unpack "i", getsockopt($s, SOL_SOCKET, SO_ERROR);
    $state[$at] = $! == 0 ? "open" : $! == POSIX::ECONNREFUSED() ? "refused" : "failed $!";
    close $s;
  }
}
print "$_\\n" for @state;
`;

const pythonProgram = `
import errno, os, select, socket, sys, time
words = sys.argv[2:]
state, waiting, poll = [], {}, select.poll()
def said(code):
    return "open" if code == 0 else "refused" if code == errno.ECONNREFUSED else "failed " + os.strerror(code)
for host, port in zip(words[::2], words[1::2]):
    state.append("silent")
    try:
        found = socket.getaddrinfo(host, int(port), 0, socket.SOCK_STREAM)
    except OSError as error:
        state[-1] = "unresolved " + str(error)
        continue
    for family, kind, protocol, _, address in found:
        s = socket.socket(family, kind, protocol)
        s.setblocking(False)
        code = s.connect_ex(address)
        if code == errno.EINPROGRESS:
            state[-1] = "silent"
            waiting[s.fileno()] = (len(state) - 1, s)
            poll.register(s, select.POLLOUT)
            break
        state[-1] = said(code)
        if state[-1] in ("open", "refused"):
            break
until = time.monotonic() + float(sys.argv[1])
while waiting and time.monotonic() < until:
    for fd, _ in poll.poll(max(0, (until - time.monotonic()) * 1000)):
        at, s = waiting.pop(fd)
        poll.unregister(fd)
        state[at] = said(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        s.close()
print("\\n".join(state))
`;
