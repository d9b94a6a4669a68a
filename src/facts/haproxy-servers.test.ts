import { describe, expect, test } from "vitest";
import type { CommandResult } from "../hosts/port.ts";
import { haproxyFrontends, haproxyServers } from "./haproxy-servers.ts";

const fact = haproxyServers(9000);

function answer(stdout: string, exitCode = 0): CommandResult {
  return {
    kind: "result",
    exitCode,
    stdout: Buffer.from(stdout),
    stderr: Buffer.alloc(0),
    truncated: false,
    durationMs: 1,
  };
}

// HAProxy 2.6.12, columns cut to those around the ones that are read.
const csv = `# pxname,svname,status,weight,type,last_chk,check_status,addr,cookie
status,FRONTEND,OPEN,,0,,,,
kubernetes-api,cp-1,MAINT,1,2,,L4CON,10.0.0.11:6443,
kubernetes-api,cp-2,DOWN,1,2,"TLS handshake, timeout",L6TOUT,10.0.0.12:6443,
kubernetes-api,cp-3,UP,0,2,,L7OK,[fd00::13]:6443,
kubernetes-api,BACKEND,DOWN,0,1,,,,
`;

describe("servers of a running HAProxy", () => {
  test("are read with status, weight and address", () => {
    expect(fact.parse([answer(csv)])).toEqual([
      {
        backend: "kubernetes-api",
        name: "cp-1",
        address: "10.0.0.11:6443",
        status: "MAINT",
        weight: 1,
        check: "L4CON",
      },
      {
        backend: "kubernetes-api",
        name: "cp-2",
        address: "10.0.0.12:6443",
        status: "DOWN",
        weight: 1,
        check: "L6TOUT",
      },
      { backend: "kubernetes-api", name: "cp-3", address: "fd00::13:6443", status: "UP", weight: 0, check: "L7OK" },
    ]);
  });

  test("are not known when nobody answers or there is no curl", () => {
    expect(fact.parse([answer("", 7)])).toBe("not-answering");
    expect(fact.parse([answer("", 127)])).toBe("not-answering");
  });

  test("are not guessed from another page", () => {
    expect(() => fact.parse([answer("<html>")])).toThrow("host/output-not-understood");
  });
});

test("frontends of a running HAProxy are read with whether they listen", () => {
  const paused = csv.replace("status,FRONTEND,OPEN", "kubernetes-api,FRONTEND,PAUSED");
  expect(haproxyFrontends(9000).parse([answer(paused)])).toEqual([{ name: "kubernetes-api", status: "PAUSED" }]);
  expect(haproxyFrontends(9000).parse([answer("", 7)])).toBe("not-answering");
});
