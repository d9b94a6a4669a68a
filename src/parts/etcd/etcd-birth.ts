import { etcdUnit } from "../../cluster/etcd-status.ts";
import type { Act } from "../../engine/step.ts";
import type { Fact } from "../../facts/fact.ts";
import { fileAmong, linesOfFiles } from "../../facts/lines-of-files.ts";
import { textOf } from "../../facts/not-understood.ts";
import type { HostName } from "../../hosts/port.ts";
import { etcdBootstrapPath } from "./etcd-layout.ts";

/** The text of the file a birth needs; undefined when there is none. */
export const bootstrapFile: Fact<string | undefined> = {
  name: "etcd-bootstrap-file",
  reads: [linesOfFiles([etcdBootstrapPath])],
  parse([answer]) {
    const file = fileAmong("etcd-bootstrap-file", etcdBootstrapPath, answer);
    return textOf("etcd-bootstrap-file", etcdBootstrapPath, file);
  },
};

/** Writes what a birth needs, and starts etcd without waiting: it is ready only once a quorum is. */
export async function giveBirth(act: Act, host: HostName, bootstrap: string): Promise<void> {
  await act.changeOn(host, { kind: "write", path: etcdBootstrapPath, content: bootstrap, mode: 0o644 });
  await startMember(act, host);
}

/** Starts etcd on a host without waiting, whatever happened to the unit before; "restart" ends what is on its way. */
export async function startMember(act: Act, host: HostName, how: "start" | "restart" = "start"): Promise<void> {
  const systemctl = (...words: readonly string[]) =>
    act.changeOn(host, { kind: "run", argv: ["systemctl", ...words, "--", etcdUnit] });
  await act.changeOn(host, { kind: "run", argv: ["systemctl", "daemon-reload"] });
  await systemctl("enable");
  await act.changeOn(host, { kind: "run", argv: ["systemctl", "reset-failed", "--", etcdUnit], okExitCodes: [0, 1] });
  await systemctl(how, "--no-block");
}
