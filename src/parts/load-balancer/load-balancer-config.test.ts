import { describe, expect, test } from "vitest";
import { sampleHost, sampleSpec } from "../../../test/support/sample-spec.ts";
import { type HaproxyDialect, haproxyConfig } from "./haproxy-config.ts";
import { keepalivedConfig, keepalivedSecret, type VirtualIp } from "./keepalived-config.ts";

const golden = (name: string) => `../../../test/golden/load-balancer/${name}`;
const spec = sampleSpec({ loadBalancer: { statsPort: 9000, passthrough: [{ port: 443, nodePort: 30443 }] } });
const vip = spec.endpoint as VirtualIp;
const [lb1 = sampleHost("lb-1", "10.0.0.21", ["load-balancer"])] = spec.hosts;

describe("haproxy.cfg", () => {
  test.each<[string, HaproxyDialect]>([
    ["debian-12.haproxy.cfg", "2.4"],
    ["rhel-8.haproxy.cfg", "1.8"],
  ])("is as in %s", async (name, dialect) => {
    await expect(haproxyConfig(spec, dialect)).toMatchFileSnapshot(golden(name));
  });

  test.each<HaproxyDialect>(["2.4", "1.8"])("lets root and nobody else take servers out (%s)", (dialect) => {
    const sockets = haproxyConfig(spec, dialect).match(/^ +stats socket .*$/gm) ?? [];
    expect(sockets.map((line) => line.trim())).toEqual([
      "stats socket /run/haproxy/admin.sock user root group root mode 600 level admin expose-fd listeners",
    ]);
  });

  test("binds IPv6 where the endpoint has an IPv6 address", () => {
    const config = haproxyConfig(sampleSpec({ endpoint: { ...vip, address: "fd00::10", prefix: 64 } }), "2.4");
    expect(config).toContain("    bind :::6443\n");
  });

  test("allows eight connections for each of many hosts", () => {
    const hosts = Array.from({ length: 1000 }, (_, index) => sampleHost(`w-${index}`, `10.1.0.${index}`, ["worker"]));
    expect(haproxyConfig(sampleSpec({ hosts }), "2.4")).toContain("    maxconn 8000\n");
    expect(haproxyConfig(spec, "2.4")).toContain("    maxconn 4096\n");
  });
});

describe("keepalived.conf", () => {
  test("is as in the golden file, with unicast", async () => {
    await expect(keepalivedConfig(spec, vip, lb1, "eth0", "2.2")).toMatchFileSnapshot(golden("lb-1.keepalived.conf"));
  });

  test("waits for the RFC's three advertisements where Keepalived knows no other number", () => {
    expect(keepalivedConfig(spec, vip, lb1, "eth0", "2.1")).not.toContain("down_timer_adverts");
    expect(keepalivedConfig(spec, { ...vip, failover: "fast" }, lb1, "eth0", "2.2")).not.toContain(
      "down_timer_adverts",
    );
  });

  test("has the same priority everywhere, so that nothing fails back", () => {
    const priorities = spec.hosts
      .filter((host) => host.roles.includes("load-balancer"))
      .map((host) => /priority (\d+)/.exec(keepalivedConfig(spec, vip, host, "eth0", "2.2"))?.[1]);
    expect(priorities).toEqual(["250", "250"]);
  });

  test("names no peers with multicast, nor where a load balancer is alone", () => {
    expect(keepalivedConfig(spec, { ...vip, vrrp: "multicast" }, lb1, "eth0", "2.2")).not.toContain("unicast_peer");
    expect(keepalivedConfig(sampleSpec({ hosts: [lb1] }), vip, lb1, "eth0", "2.2")).not.toContain("unicast_peer");
  });

  test("never holds the password; a file of its own does", () => {
    expect(keepalivedConfig(spec, vip, lb1, "eth0", "2.2")).toContain("include /etc/keepalived/slipway-auth.conf");
    expect(keepalivedSecret("Abcdefg2")).toBe("authentication {\n    auth_type PASS\n    auth_pass Abcdefg2\n}\n");
  });

  test.each<[string, Partial<VirtualIp>]>([
    ["IPv6", { address: "fd00::10", prefix: 64 }],
    ["a fast failover", { failover: "fast" }],
  ])("uses VRRP version 3, which has no authentication, for %s", (_, over) => {
    const config = keepalivedConfig(spec, { ...vip, ...over }, lb1, "eth0", "2.2");
    expect(config).toContain("    version 3\n    advert_int 0.5\n");
    expect(config).not.toContain("include");
  });
});
