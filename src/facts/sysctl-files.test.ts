import { expect, test } from "vitest";
import type { CommandResult } from "../hosts/port.ts";
import { laterSysctls } from "./sysctl-files.ts";

function answer(stdout: string, exitCode = 0): CommandResult {
  const [out, err] = [Buffer.from(stdout), Buffer.alloc(0)];
  return { kind: "result", exitCode, stdout: out, stderr: err, truncated: false, durationMs: 1 };
}

const own = "/etc/sysctl.d/99-zz-slipway.conf";

test("only what comes after our own file is named, whatever its folder, with every way to write a key", () => {
  const found = laterSysctls(own).parse([
    answer(`${own}:vm.swappiness = 0
/etc/sysctl.d/10-network.conf:net.ipv4.tcp_fin_timeout=60
/usr/lib/sysctl.d/zz-vendor.conf:-net/ipv4/tcp_fin_timeout = 30
/etc/sysctl.d/99-zzz.conf:  net.ipv4.tcp_rmem = 4096\t87380  6291456
/etc/sysctl.d/zz.conf:net.ipv4.conf.*.rp_filter = 2
/etc/sysctl.d/zz.conf:net/ipv4/conf/eth0.100/forwarding=1
/etc/sysctl.conf:vm.swappiness=60
`),
  ]);
  expect(found).toEqual([
    { path: "/usr/lib/sysctl.d/zz-vendor.conf", key: "net.ipv4.tcp_fin_timeout", value: "30" },
    { path: "/etc/sysctl.d/99-zzz.conf", key: "net.ipv4.tcp_rmem", value: "4096 87380 6291456" },
    { path: "/etc/sysctl.d/zz.conf", key: "net.ipv4.conf.eth0/100.forwarding", value: "1" },
    { path: "/etc/sysctl.conf", key: "vm.swappiness", value: "60" },
  ]);
});

test("no files are no assignments, and no grep is not understood", () => {
  expect(laterSysctls(own).parse([answer("", 2)])).toEqual([]);
  expect(() => laterSysctls(own).parse([answer("", 127)])).toThrow("host/output-not-understood");
});
