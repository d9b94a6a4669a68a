import type { ProblemCode } from "../problem.ts";

/** Codes of what goes wrong on the way to a host and on it. */
export const hostCodes: Readonly<Record<ProblemCode, string>> = {
  "ssh/authentication-failed":
    "The host refused the login. Check user, key and agent with the ssh command that is shown.",
  "ssh/client-missing": "There is no ssh program on this computer. Install OpenSSH's client.",
  "ssh/configuration-invalid": "ssh does not accept its configuration. Mend ~/.ssh/config at the place it names.",
  "ssh/connection-closed": "A host was asked after its connection was closed: a bug of Slipway's.",
  "ssh/connection-lost":
    "The connection broke. Reads are tried again; a change is not, since nobody knows how it ended: apply again looks.",
  "ssh/control-directory-unsafe":
    "The folder for connections that stay open belongs to somebody else or is open to others.",
  "ssh/failed": "ssh made no connection, for a reason Slipway does not know; its own words are shown.",
  "ssh/host-key-changed":
    "The host shows another key than the recorded one. Find out why before anything else; Slipway never accepts it.",
  "ssh/host-key-unknown": "The host's key is not recorded. Compare its fingerprint, then 'slipway hosts trust NAME'.",
  "ssh/identity-missing":
    "The file that ssh.identityFile names is not there. Of a lab that is not up, it is made by 'slipway lab up'.",
  "ssh/name-not-found": "The host's name cannot be resolved.",
  "ssh/negotiation-failed": "Client and host share no encryption method. Update the older one.",
  "ssh/no-answer": "The host stopped answering in the middle of a question.",
  "ssh/not-root": "Commands would not run as root. Log in as root, or set ssh.sudo.",
  "ssh/refused-by-host": "The host dropped the connection before the login, for example because of too many at a time.",
  "ssh/shell-missing": "The login gives no POSIX shell.",
  "ssh/sudo-missing": "sudo is not installed on the host.",
  "ssh/sudo-needs-terminal": "sudo on the host insists on a terminal (requiretty). Lift that for the user.",
  "ssh/sudo-not-allowed": "The user may not use sudo on the host.",
  "ssh/sudo-password-needed":
    "sudo asks for a password and nobody can be asked. Run on a terminal, or add a NOPASSWD rule.",
  "ssh/sudo-wrong-password": "sudo did not take the password.",
  "ssh/target-not-usable": "A host, user or jump name could be read as something else by ssh or a shell.",
  "ssh/unreachable": "The host cannot be reached: no route, refused, or no answer in time.",
  "host/bad-sysctl": "A name is not that of a kernel setting.",
  "host/clock-unreadable": "The host's clock could not be read.",
  "host/command-failed": "A command on the host failed; its last lines are shown.",
  "host/command-not-found": "A command is not installed on the host, or may not be run.",
  "host/command-not-usable": "A command holds what cannot be passed on, such as a NUL byte: a bug of Slipway's.",
  "host/command-timeout": "A command on the host did not end in time and was stopped.",
  "host/configuration-refused":
    "The program that reads it refuses the new configuration; the old one is still in use. Apply again after mending it.",
  "host/disk-full": "A disk of the host is full, or nearly. The old file is still in place; make room and apply again.",
  "host/local-file-unreadable": "A file on this computer that is to be sent cannot be read.",
  "host/memory-short": "The host's memory is almost used up.",
  "host/no-systemd": "The host was not booted with systemd, which Slipway needs.",
  "host/not-a-directory": "Something else is where a directory belongs.",
  "host/not-a-file": "Something else is where a regular file belongs.",
  "host/output-not-understood":
    "A program's answer is not of a known form. A fact is known or an error, never a guess: report it with the evidence.",
  "host/path-not-usable": "A path holds what cannot be passed on, or is not absolute: a bug of Slipway's.",
  "host/read-only": "The file system is read-only.",
  "host/remove-failed": "A file could not be removed.",
  "host/service-not-running": "A service that should run does not. 'slipway plan' shows what would mend it.",
  "host/state-unknown": "What is declared cannot be compared with the host, even after what it waits for was made.",
  "host/sysctl-refused": "The kernel kept another value than the one that was set, for example inside a container.",
  "host/tool-missing": "A basic tool is not on the host; the message says which package brings it.",
  "host/unreadable": "A path can neither be read nor said to be absent.",
  "host/unsupported-architecture": "Kubernetes is not released, or Slipway not made, for that processor.",
  "host/unsupported-distribution": "The distribution is not one Slipway supports.",
  "host/local-file-damaged":
    "A file on this computer (a bundle, as a rule) is not what its digest says. Make it or fetch it again.",
  "host/upload-failed": "A file did not arrive whole. Apply again sends it again.",
  "host/write-failed": "A file could not be written. The old one is still in place.",
  "package/bad-name": "A package name or version holds what no package manager takes.",
  "package/no-package-manager": "Neither dpkg nor rpm answers on the host.",
};
