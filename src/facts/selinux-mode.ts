import type { Fact } from "./fact.ts";
import { fileAmong, linesOfFiles } from "./lines-of-files.ts";
import { notUnderstood, textOf } from "./not-understood.ts";

const path = "/sys/fs/selinux/enforce";

/** How SELinux runs on a host; "disabled" also where the kernel has none. */
export const selinuxMode: Fact<"enforcing" | "permissive" | "disabled"> = {
  name: "selinux-mode",
  reads: [linesOfFiles([path])],
  parse: ([answers]) => {
    const answer = fileAmong("selinux-mode", path, answers);
    const text = textOf("selinux-mode", path, answer)?.trim();
    if (text === undefined) return "disabled";
    if (text === "1") return "enforcing";
    if (text === "0") return "permissive";
    throw notUnderstood("selinux-mode", path, answer, `"${text}" is neither 0 nor 1`);
  },
};
