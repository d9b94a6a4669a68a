/**
 * What `systemctl` ends with while systemd takes its own place (daemon-reexec) or D-Bus is started anew: for
 * `Read.passing`. The first was seen on a host whose packages were being upgraded; the others are the words for the same
 * connection lost a moment earlier or later (errno(3), and
 * https://github.com/systemd/systemd/blob/main/src/libsystemd/sd-bus/bus-error.c, 2026-11-21).
 */
export const systemdAway: readonly string[] = [
  "Message recipient disconnected from message bus without replying",
  "Connection reset by peer",
  "Connection refused",
  "Transport endpoint is not connected",
  "Broken pipe",
];
