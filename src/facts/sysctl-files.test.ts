import { expect, test } from "vitest";
import type { CommandResult } from "../hosts/port.ts";
import { laterSysctls } from "./sysctl-files.ts";

function answer(stdout: string, exitCode = 0): CommandResult {
  const [out, err] = [Buffer.from(stdout), Buffer.alloc(0)];
  return { kind: "result", exitCode, stdout: out, stderr: err, truncated: false, durationMs: 1 };
}

const own = "/etc/sysctl.d/99-zz-slipway.conf";

const rivals = `${own}:vm.swappiness = 0
/etc/sysctl.d/10-network.conf:net.ipv4.tcp_fin_timeout=60
/usr/lib/sysctl.d/zz-vendor.conf:-net/ipv4/tcp_fin_timeout = 30
/etc/sysctl.d/99-zzz.conf:  net.ipv4.tcp_rmem = 4096\t87380  6291456
/etc/sysctl.d/zz.conf:net.ipv4.conf.*.rp_filter = 2
/etc/sysctl.d/zz.conf:net/ipv4/conf/eth0.100/forwarding=1
/etc/sysctl.d/99-sysctl.conf:vm.swappiness=60
`;
const paths = (text: string) => answer(text.replaceAll(/:.*$/gm, ""));

test("only what comes after our own file is named, by file name whatever its folder, with every way to write a key", () => {
  expect(laterSysctls(own).parse([paths(rivals), answer(rivals)])).toEqual([
    { path: "/etc/sysctl.d/99-zzz.conf", key: "net.ipv4.tcp_rmem", value: "4096 87380 6291456" },
    { path: "/usr/lib/sysctl.d/zz-vendor.conf", key: "net.ipv4.tcp_fin_timeout", value: "30" },
    { path: "/etc/sysctl.d/zz.conf", key: "net.ipv4.conf.eth0/100.forwarding", value: "1" },
  ]);
});

test("/etc/sysctl.conf counts where a link leads to it, and by the name of the link", () => {
  const link = "/etc/sysctl.d/zz-sysctl.conf:vm.swappiness=60\n";
  expect(laterSysctls(own).parse([paths(link), answer(link)])).toMatchObject([
    { path: "/etc/sysctl.d/zz-sysctl.conf" },
  ]);
  for (const read of laterSysctls(own).reads) expect(JSON.stringify(read)).not.toContain("/etc/sysctl.conf");
});

test("a file is hidden by one of its name in an earlier folder, also by one that is empty", () => {
  const all = `/usr/lib/sysctl.d/zz-a.conf:vm.swappiness=1
/run/sysctl.d/zz-a.conf:vm.swappiness=2
/usr/local/lib/sysctl.d/zz-b.conf:vm.swappiness=3
/etc/sysctl.d/old/zz-c.conf:vm.swappiness=4
`;
  const empty = "/etc/sysctl.d/zz-b.conf:\n";
  expect(laterSysctls(own).parse([paths(all + empty), answer(all)])).toEqual([
    { path: "/run/sysctl.d/zz-a.conf", key: "vm.swappiness", value: "2" },
  ]);
});

test("no files are no assignments, and no grep or find is not understood", () => {
  expect(laterSysctls(own).parse([answer("", 1), answer("", 2)])).toEqual([]);
  for (const answers of [
    [answer("", 1), answer("", 127)],
    [answer("", 127), answer("", 1)],
  ])
    expect(() => laterSysctls(own).parse(answers)).toThrow("host/output-not-understood");
});
