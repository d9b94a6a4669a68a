import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** How the command line ended. */
export interface CliEnd {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What one call may differ in. */
export interface CliCall {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Called with the process id once it prints something. */
  readonly onOutput?: (pid: number) => void;
}

/** The real command line in a folder and a home of its own. */
export interface CliRig extends Disposable {
  /** Where it runs. */
  readonly folder: string;
  readonly home: string;
  run(args: readonly string[], call?: CliCall): Promise<CliEnd>;
  /** Writes a file in the folder, making what it needs; its absolute path. */
  file(name: string, content: string | Uint8Array): string;
}

/** The repository, with a slash at the end. */
export const repository = fileURLToPath(new URL("../../", import.meta.url));

/** The program users call. */
export const slipway = join(repository, "bin/slipway.js");

/** Longer than this, and a call is hung: it is killed, and its `signal` says so. Milliseconds. */
const withinMs = 60_000;

/** A new rig. */
export function cliRig(): CliRig {
  const root = mkdtempSync(join(tmpdir(), "slipway-rig-"));
  const [folder, home] = [join(root, "here"), join(root, "home")];
  mkdirSync(folder);
  mkdirSync(home);
  const clean = {
    PATH: process.env.PATH ?? "",
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    LANG: "C.UTF-8",
    // One for all rigs: in a new home, every test file would compile all of it again.
    NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache"),
  };
  return {
    folder,
    home,
    run: (args, { env, input, onOutput } = {}) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [slipway, ...args], { cwd: folder, env: { ...clean, ...env } });
        const timer = setTimeout(() => child.kill("SIGKILL"), withinMs);
        const printed = { stdout: "", stderr: "" };
        for (const name of ["stdout", "stderr"] as const)
          child[name].setEncoding("utf8").on("data", (text: string) => {
            const isFirst = printed.stdout + printed.stderr === "";
            printed[name] += text;
            if (isFirst && child.pid !== undefined) onOutput?.(child.pid);
          });
        child.on("error", reject);
        child.on("close", (code, signal) => {
          clearTimeout(timer);
          resolve({ code, signal, ...printed });
        });
        child.stdin.end(input ?? "");
      }),
    file(name, content) {
      const path = join(folder, name);
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, content);
      return path;
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Ports of this computer that nobody listens on: they were free a moment ago, and the system hands out others first. */
export async function closedPorts(many: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: many },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A cluster whose hosts cannot be reached: their SSH ports are closed ports of this computer. */
export function unreachableCluster(ports: readonly number[]): string {
  const hosts = [
    ["lb-1", "10.0.0.11", "load-balancer"],
    ["lb-2", "10.0.0.12", "load-balancer"],
    ["cp-1", "10.0.0.21", "control-plane, etcd"],
    ["w-1", "10.0.0.31", "worker"],
  ];
  const lines = hosts.map(
    ([name, address, roles], index) =>
      `    - { name: ${name}, address: ${address}, roles: [${roles}], ssh: { host: 127.0.0.1, port: ${ports[index]} } }`,
  );
  return `apiVersion: slipway.dev/v1alpha1
kind: Cluster
metadata: { name: away }
spec:
  kubernetes: { version: 1.36.2 }
  ssh: { user: root }
  endpoint:
    virtualIP: { address: 10.0.0.10, prefix: 24 }
  hosts:
${lines.join("\n")}
`;
}

/** Whether this computer has a program. */
export function hasProgram(name: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
}
