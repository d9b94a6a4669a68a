import type { Rule } from "./rule.ts";
import { hostPath } from "./rule.ts";

/** Whoever is not root has a way to become root. */
export const sshUsers: Rule = ({ placedHosts, ssh }, report) => {
  if (ssh === undefined) return;
  if (ssh.sudo === "none" && isOrdinary(ssh.user)) {
    report.error("config/sudo-needed", ["spec", "ssh", "sudo"], {
      message: "spec.ssh has no way to become root",
      because: `user is ${ssh.user ?? ""} and sudo is none; changes to a host need root`,
      hint: { text: "write sudo: passwordless, sudo: password, or user: root" },
    });
    return;
  }
  for (const placed of placedHosts) {
    const user = placed.host.ssh.user ?? ssh.user;
    if ((placed.host.ssh.sudo ?? ssh.sudo) !== "none" || !isOrdinary(user)) continue;
    const isOwnSudo = placed.host.ssh.sudo !== undefined;
    report.error("config/sudo-needed", hostPath(placed, "ssh", isOwnSudo ? "sudo" : "user"), {
      message: `host ${placed.host.name} has no way to become root`,
      because: `user is ${user ?? ""} and sudo is none (${report.placeOf(isOwnSudo ? hostPath(placed, "ssh", "sudo") : ["spec", "ssh", "sudo"])}); changes to a host need root`,
      hint: { text: "write sudo: passwordless, sudo: password, or user: root" },
    });
  }
};

function isOrdinary(user: string | undefined): boolean {
  return user !== undefined && user !== "root";
}
