import type { Read } from "../../hosts/port.ts";
import type { Comparison, Resource } from "../../resources/resource.ts";

/**
 * SELinux booleans that have to be on, now and after a reboot. Nothing to do where SELinux is disabled or its tools are
 * missing.
 */
export function selinuxBooleans(names: readonly string[]): Resource {
  const key = `SELinux booleans ${names.join(", ")}`;
  const read: Read = { kind: "run", argv: ["getsebool", ...names] };
  return {
    key,
    reads: [read],
    compare(answers): Comparison {
      const answer = answers.of(read);
      if (answer.kind !== "result" || answer.exitCode !== 0) return { state: "same" };
      const text = answer.stdout.toString("utf8");
      const off = names.filter((name) => new RegExp(`^${name} --> off$`, "m").test(text));
      if (off.length === 0) return { state: "same" };
      return {
        state: "different",
        changes: [{ verb: "update", what: key, from: `${off.join(", ")} off`, to: "on" }],
        make: [{ kind: "run", argv: ["setsebool", "-P", ...off.map((name) => `${name}=on`)] }],
      };
    },
  };
}
