import { expect, test } from "vitest";
import type { CommandResult } from "../hosts/port.ts";
import { containerRuntime } from "./container-runtime.ts";

function result(exitCode: number, stdout: string, stderr = ""): CommandResult {
  const [out, err] = [Buffer.from(stdout), Buffer.from(stderr)];
  return { kind: "result", exitCode, stdout: out, stderr: err, truncated: false, durationMs: 1 };
}

/** From containerd 1.6.20 of Debian 12; devmapper fails there and is nobody's trouble. */
const plugins = (cri: string) => `TYPE                            ID                       PLATFORMS      STATUS    
io.containerd.snapshotter.v1    devmapper                linux/amd64    error     
io.containerd.snapshotter.v1    overlayfs                linux/amd64    ok        
${cri}`;

test.each([
  ["loaded", result(0, plugins("io.containerd.grpc.v1    cri    linux/amd64    ok\n")), { serves: true }],
  [
    "refused for its settings",
    result(0, plugins("io.containerd.grpc.v1    cri    linux/amd64    error\n")),
    { serves: false, because: 'the state of its CRI plugin is "error"' },
  ],
  ["disabled", result(0, plugins("")), { serves: false, because: 'the state of its CRI plugin is "missing"' }],
  [
    "not answering",
    result(1, "", 'ctr: failed to dial "/run/containerd/containerd.sock": context deadline exceeded\n'),
    { serves: false, because: 'ctr: failed to dial "/run/containerd/containerd.sock": context deadline exceeded' },
  ],
  ["not installed", result(127, "", "ctr: not found"), { serves: false, because: "ctr is not installed" }],
])("a container runtime that is %s is told", (_, answer, expected) => {
  expect(containerRuntime.parse([answer])).toEqual(expected);
});

test("output without a head is not understood", () => {
  expect(() => containerRuntime.parse([result(0, "hello\n")])).toThrow("host/output-not-understood");
});
