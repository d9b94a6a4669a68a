import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Bundle } from "../../src/artifacts/bundle.ts";
import { readImageArchive } from "../../src/artifacts/image-archive-reader.ts";
import { kubeClient } from "../../src/cluster/kube/kube-access.ts";
import type { Act } from "../../src/engine/step.ts";
import type { Fact } from "../../src/facts/fact.ts";
import type { Answer, CommandResult, HostChange, HostName, Read } from "../../src/hosts/port.ts";
import { Secret } from "../../src/hosts/secret.ts";
import { createAuthority } from "../../src/pki/certificate-authority.ts";
import { issueCertificate } from "../../src/pki/issue-certificate.ts";

/** A real kube-apiserver with its etcd, on loopback addresses of this computer, without any node. */
export interface LocalKube {
  /** Looks and acts as on a control plane host: what goes to its own API server goes to this one. */
  readonly act: Act;
  stop(): Promise<void>;
}

/** Names of images that have to be in the bundle. */
const programs = { "kube-apiserver": "kube-apiserver", etcd: "etcd" } as const;

export function localKubeSkipReason(bundle: Bundle | undefined): string | undefined {
  const names = bundle?.index.artifacts.flatMap((one) => (one.kind === "image" ? [one.name] : [])) ?? [];
  const missing = Object.keys(programs).filter((name) => !names.some((image) => image.includes(`/${name}:`)));
  return missing.length === 0 ? undefined : `the bundle has no image of ${missing.join(" and ")}`;
}

/** Starts both out of the bundle's images. */
export async function startLocalKube(bundle: Bundle, serviceCidr: string): Promise<LocalKube> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-local-kube-"));
  const started: ChildProcess[] = [];
  const stop = async () => {
    await Promise.all(started.map(ended));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const image of Object.keys(programs)) await unpackImage(bundle, image, folder);
    const [etcdPort, peerPort, port] = await Promise.all([freePort(), freePort(), freePort()]);
    const paths = await writeKeys(folder);
    const etcd = `http://127.0.0.1:${etcdPort}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    const start = (name: string, args: readonly string[]) => {
      const path = spawnSync("find", [join(folder, "root"), "-type", "f", "-name", name], { encoding: "utf8" });
      const log = openSync(join(folder, `${name}.log`), "w");
      started.push(spawn(path.stdout.trim().split("\n")[0] ?? "", args, { stdio: ["ignore", log, log] }));
      closeSync(log);
    };
    start("etcd", [
      ...["--data-dir", join(folder, "etcd"), "--listen-client-urls", etcd, "--advertise-client-urls", etcd],
      ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", `default=${peer}`],
    ]);
    start("kube-apiserver", [
      `--etcd-servers=${etcd}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${port}`,
      "--advertise-address=10.255.255.1",
      "--endpoint-reconciler-type=none",
      `--tls-cert-file=${paths.serverCertificate}`,
      `--tls-private-key-file=${paths.serverKey}`,
      `--client-ca-file=${paths.authority}`,
      `--service-account-key-file=${paths.accountPublicKey}`,
      `--service-account-signing-key-file=${paths.accountKey}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      "--authorization-mode=Node,RBAC",
      `--service-cluster-ip-range=${serviceCidr}`,
      "--allow-privileged",
      // Without a controller manager no namespace has the account pods need.
      "--disable-admission-plugins=ServiceAccount",
    ]);
    const run = runner(`https://127.0.0.1:${port}`, paths);
    await serving(run, folder);
    return { act: actOf(run), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Run = (command: { readonly argv: readonly string[]; readonly stdin?: string | Secret }) => CommandResult;

/** Carries commands out here, with the API server's address and files instead of a control plane host's. */
function runner(origin: string, paths: Keys): Run {
  const here = (text: string) =>
    text
      .replaceAll(/https:\/\/[0-9.]+:6443/g, origin)
      .replaceAll(kubeClient.certificatePath, paths.clientCertificate)
      .replaceAll(kubeClient.keyPath, paths.clientKey)
      .replaceAll(kubeClient.authorityPath, paths.authority);
  return ({ argv, stdin }) => {
    const [program = "", ...args] = argv.map(here);
    const text = stdin instanceof Secret ? stdin.reveal().toString("utf8") : stdin;
    const ran = spawnSync(program, args, { ...(text === undefined ? {} : { input: here(text) }), maxBuffer: 1 << 28 });
    const { stdout, stderr, status } = ran;
    return { kind: "result", exitCode: status ?? 127, stdout, stderr, truncated: false, durationMs: 1 };
  };
}

function actOf(run: Run): Act {
  const answerTo = (read: Read): Answer => {
    if (read.kind === "run") return run(read);
    if (read.kind !== "stat") return { kind: "missing", exists: false };
    const facts = { sizeBytes: 0, mode: 0o644, owner: "root", group: "root", modifiedAt: 0 };
    return { kind: "stat", exists: true, type: "file", ...facts };
  };
  return {
    factOf: <T>(_host: HostName, fact: Fact<T>): Promise<T> => Promise.resolve(fact.parse(fact.reads.map(answerTo))),
    changeOn(_host: HostName, change: HostChange): Promise<CommandResult> {
      if (change.kind !== "run") throw new Error(`a local API server has no files to ${change.kind}`);
      return Promise.resolve(run(change));
    },
    vault: {
      read: () => Promise.resolve(undefined),
      list: () => Promise.resolve([]),
      write: () => Promise.resolve(),
      remove: () => Promise.resolve(),
    },
    now: () => new Date(),
    say: () => undefined,
    signal: new AbortController().signal,
  };
}

async function serving(run: Run, folder: string): Promise<void> {
  const asked = {
    argv: ["curl", "--disable", "--silent", "--insecure", "--noproxy", "*", "https://10.0.0.1:6443/readyz"],
  };
  for (let tries = 0; tries < 120; tries += 1) {
    if (run(asked).stdout.toString("utf8") === "ok") return;
    await pause(500);
  }
  const log = readFileSync(join(folder, "kube-apiserver.log"), "utf8").split("\n").slice(-20).join("\n");
  throw new Error(`kube-apiserver did not become ready:\n${log}`);
}

interface Keys {
  readonly authority: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
  readonly accountKey: string;
  readonly accountPublicKey: string;
}

async function writeKeys(folder: string): Promise<Keys> {
  const now = new Date();
  const authority = await createAuthority("kubernetes", now);
  const nobody = { dnsNames: [], ipAddresses: [] };
  const local = { dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] };
  const server = await issueCertificate(authority, { commonName: "kube-apiserver", ...local, usages: ["server"] }, now);
  const client = await issueCertificate(
    authority,
    { commonName: "slipway", organizations: ["system:masters"], ...nobody, usages: ["client"] },
    now,
  );
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  return {
    authority: write("ca.crt", authority.certificate),
    serverCertificate: write("server.crt", server.certificate),
    serverKey: write("server.key", server.key.reveal()),
    clientCertificate: write("client.crt", client.certificate),
    clientKey: write("client.key", client.key.reveal()),
    accountKey: write("account.key", authority.key.reveal()),
    accountPublicKey: write(
      "account.pub",
      createPublicKey(authority.key.reveal()).export({ type: "spki", format: "pem" }).toString(),
    ),
  };
}

/** Puts the files of an image's layers under `folder`/root. */
async function unpackImage(bundle: Bundle, name: string, folder: string): Promise<void> {
  const artifact = bundle.index.artifacts.find((one) => one.kind === "image" && one.name.includes(`/${name}:`));
  if (artifact === undefined) throw new Error(`the bundle has no image of ${name}`);
  const archive = join(folder, `${name}.tar`);
  const part = bundle.partOf(artifact.sha256);
  const bytes = Buffer.alloc(part.sizeBytes);
  const file = openSync(bundle.path, "r");
  readSync(file, bytes, 0, part.sizeBytes, part.offsetBytes);
  closeSync(file);
  writeFileSync(archive, bytes);
  const root = join(folder, "root");
  mkdirSync(root, { recursive: true });
  for (const image of await readImageArchive(archive)) {
    const { layers } = JSON.parse(image.manifest.toString("utf8")) as { layers: readonly { digest: string }[] };
    for (const { digest } of layers) {
      const chunks: Buffer[] = [];
      for await (const chunk of image.blobs.find((blob) => blob.digest === digest)?.read() ?? []) chunks.push(chunk);
      const layer = join(folder, "layer");
      writeFileSync(layer, Buffer.concat(chunks));
      // tar finds out by itself how a file is compressed, but not what comes on its standard input.
      const unpacked = spawnSync("tar", ["-x", "-f", layer, "-C", root], { encoding: "utf8" });
      if (unpacked.status !== 0) throw new Error(`${name}: ${unpacked.stderr}`);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}
