import type { Read } from "../../hosts/port.ts";
import type { Resource } from "../../resources/resource.ts";

/** A system account without a login, with a group of the same name; an account that is there is left as it is. */
export function systemUser(name: string, home: string): Resource {
  const key = `user ${name}`;
  const read: Read = { kind: "run", argv: ["getent", "passwd", name] };
  const argv = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", home];
  return {
    key,
    reads: [read],
    compare(answers) {
      const answer = answers.of(read);
      if (answer.kind === "result" && answer.exitCode === 0) return { state: "same" };
      return {
        state: "different",
        changes: [{ verb: "create", what: key }],
        make: [{ kind: "run", argv: [...argv, "--shell", "/usr/sbin/nologin", "--", name] }],
      };
    },
  };
}
