import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { sampleHost, sampleSpec } from "../../../test/support/sample-spec.ts";
import { etcdGatewayMembers } from "../../facts/etcd-gateway-members.ts";
import { etcdValuePrefixes } from "../../facts/etcd-value-prefixes.ts";
import type { Fact } from "../../facts/fact.ts";
import { haproxyServers } from "../../facts/haproxy-servers.ts";
import type { Answer } from "../../hosts/port.ts";
import { createAuthority } from "../../pki/certificate-authority.ts";
import { issueCertificate } from "../../pki/issue-certificate.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { type ApiServerCertificate, servesAnother, whyReissue } from "./api-server-certificate.ts";
import { changedSetting, controlPlaneFixedSettings } from "./control-plane-fixed-settings.ts";
import { encryptionConfiguration } from "./encryption-configuration.ts";
import { encryptionInUse, encryptionNarrowed } from "./encryption-fixed-settings.ts";
import { nextEncryptionKey } from "./encryption-keys.ts";
import { kubeadmCertificates } from "./issued-by-kubeadm.ts";
import { kubeadmConfig } from "./kubeadm-config.ts";
import { manifestStampText, parseManifestStamp } from "./manifest-stamp.ts";
import { preflightExceptions } from "./preflight-exceptions.ts";

const sample = sampleSpec();
const cp1 = sampleHost("cp-1", "10.0.0.11", ["control-plane", "etcd"]);
const said = (stdout: string, exitCode = 0): Answer => ({
  kind: "result",
  exitCode,
  stdout: Buffer.from(stdout),
  stderr: Buffer.alloc(0),
  truncated: false,
  durationMs: 1,
});
const content = (text: string): Answer => ({ kind: "content", bytes: Buffer.from(text), truncated: false });
const missing: Answer = { kind: "missing", exists: false };
const there: Answer = {
  kind: "stat",
  exists: true,
  type: "file",
  sizeBytes: 1,
  mode: 0o600,
  owner: "root",
  group: "root",
  modifiedAt: 0,
};

describe("what a living cluster cannot change", () => {
  const made = controlPlaneFixedSettings.parse([content(kubeadmConfig(sample, cp1))]);
  const { kubernetes, network } = sample;

  test.each<[string, Partial<ClusterSpec>]>([
    ["network.podCidr", { network: { ...network, podCidr: "10.200.0.0/16" } }],
    ["network.serviceCidr", { network: { ...network, serviceCidr: "10.97.0.0/16" } }],
    ["network.dnsDomain", { network: { ...network, dnsDomain: "k8s.example" } }],
    ["network.nodePrefix", { network: { ...network, nodePrefix: 25 } }],
    ["etcd.topology", { etcd: { ...sample.etcd, topology: "stacked" } }],
    ["endpoint", { endpoint: { kind: "host", address: "10.0.0.99", port: 6443 } }],
    ["metadata.name", { name: "other" }],
    ["kubernetes.version", { kubernetes: { ...kubernetes, version: "1.37.0" } }],
    [
      "kubernetes.apiServer.encryption",
      { kubernetes: { ...kubernetes, apiServer: { ...kubernetes.apiServer, encryption: { provider: "none" } } } },
    ],
  ])("%s is told", (setting, over) => {
    expect(changedSetting(made, sampleSpec(over))).toBe(setting);
  });

  test("is nothing of what may change", () => {
    expect(changedSetting(made, sample)).toBeUndefined();
    const patch = sampleSpec({ kubernetes: { ...kubernetes, version: "1.36.3" } });
    expect(changedSetting(made, patch)).toBeUndefined();
  });

  test("is not known from a file that is missing or was spoiled", () => {
    expect(controlPlaneFixedSettings.parse([missing])).toEqual({});
    expect(controlPlaneFixedSettings.parse([content("kind: [")])).toEqual({});
    expect(changedSetting({}, sample)).toBeUndefined();
  });
});

describe("the API server's certificate", () => {
  const now = new Date("2026-11-21T12:00:00Z");
  const names = ["cp-1", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
  const dnsNames = [...names, "kubernetes.default.svc.cluster.local", "localhost"];
  const ipAddresses = ["10.0.0.11", "10.96.0.1", "10.0.0.10", "127.0.0.1", "::1"];
  const authorities = Promise.all([createAuthority("CA", now), createAuthority("CA", now)]);
  const issue = async (more: readonly string[] = [], { by = 0, at = now } = {}) => {
    const authority = (await authorities)[by];
    if (authority === undefined) throw new Error("there are two");
    const names = { commonName: "kube-apiserver", dnsNames: [...dnsNames, ...more], ipAddresses };
    return await issueCertificate(authority, { ...names, usages: ["server"], validForDays: 30 }, at);
  };
  const why = async (found: ApiServerCertificate, spec = sample) =>
    whyReissue(spec, cp1, found, { authority: (await authorities)[0].certificate, now });

  test("will do with exactly the names it has to be for", async () => {
    const onDisk = (await issue()).certificate;
    expect(await why({ onDisk })).toBeUndefined();
    expect(await why({ onDisk: (await issue(["old.example.com"])).certificate })).toBe(
      "it is also for old.example.com",
    );
    const { kubernetes } = sample;
    const more = sampleSpec({
      kubernetes: { ...kubernetes, apiServer: { ...kubernetes.apiServer, extraSans: ["api.example.com", "fd00::1"] } },
    });
    expect(await why({ onDisk }, more)).toBe("it lacks api.example.com, fd00::1");
    expect(await why({})).toBe("it is missing");
    expect(await why({ onDisk: "garbage" })).toBe("it is not a certificate");
  });

  test("will not do when clients would not believe it, or its key is another one", async () => {
    expect(await why({ onDisk: (await issue([], { by: 1 })).certificate })).toBe("it is signed by another authority");
    const monthsAgo = new Date("2026-08-01T12:00:00Z");
    expect(await why({ onDisk: (await issue([], { at: monthsAgo })).certificate })).toBe("it expired on 2026-08-31");
    const [one, other] = [await issue(), await issue()];
    const publicKeyOf = (pem: string) => new X509Certificate(pem).publicKey.export({ format: "pem", type: "spki" });
    const withKey = (pem: string) => ({ onDisk: one.certificate, publicKey: publicKeyOf(pem).toString() });
    expect(await why(withKey(one.certificate))).toBeUndefined();
    expect(await why(withKey(other.certificate))).toBe("its key belongs to another certificate");
    expect(await why({ onDisk: one.certificate, publicKey: "" })).toBe("its key belongs to another certificate");
  });

  test("is another one than served where their fingerprints differ, and unknown where nobody answers", async () => {
    const onDisk = (await issue()).certificate;
    expect(servesAnother({ onDisk, served: onDisk.trim() })).toBe(false);
    expect(servesAnother({ onDisk, served: (await issue()).certificate })).toBe(true);
    expect(servesAnother({ onDisk })).toBe(false);
  });
});

describe("exceptions from kubeadm's preflight", () => {
  test("on a fresh host are what Slipway itself has put there or judged, and cgroup v1 only where it is", () => {
    const fresh = preflightExceptions(sample, false);
    const always = ["NumCPU", "Mem", "FileAvailable--etc-kubernetes-pki-ca.crt"];
    expect(fresh.parse([said("cgroup2fs\n")])).toEqual(always);
    expect(fresh.parse([said("tmpfs\n")])).toEqual([...always, "SystemVerification"]);
  });

  test("after an interruption are the files and ports the earlier run has left, and no others", () => {
    const listening =
      'LISTEN 0 4096 *:10250 *:* users:(("kubelet",pid=1,fd=1))\nLISTEN 0 4096 *:6443 *:* users:(("nginx",pid=2,fd=1))\n';
    const files = [there, missing, missing, missing, missing, missing];
    const left = preflightExceptions(sample, true).parse([said("cgroup2fs\n"), said(listening), ...files]);
    expect(left.slice(3)).toEqual(["FileAvailable--etc-kubernetes-manifests-kube-apiserver.yaml", "Port-10250"]);
  });
});

describe("encryption at rest", () => {
  const first = nextEncryptionKey([], "secretbox");
  const second = nextEncryptionKey([first], "aesgcm");
  const textOf = (...of: Parameters<typeof encryptionConfiguration>) =>
    encryptionConfiguration(...of)
      ?.reveal()
      .toString()
      .replaceAll(first.secret.reveal().toString(), "ONE")
      .replaceAll(second.secret.reveal().toString(), "TWO");

  test("writes with the first key, reads with all, and what was never encrypted", () => {
    expect(textOf({ provider: "aesgcm", resources: ["secrets"] }, [second, first])).toContain(
      [
        "    providers:",
        "      - aesgcm:",
        "          keys:",
        "            - name: key-2",
        "              secret: TWO",
        "      - secretbox:",
        "          keys:",
        "            - name: key-1",
        "              secret: ONE",
        "      - identity: {}",
      ].join("\n"),
    );
  });

  test("asks a KMS plugin first, and is no file where nothing ever was encrypted", () => {
    const kms = { provider: "kms", name: "vault", endpoint: "unix:///run/kms.sock", resources: ["secrets"] } as const;
    expect(textOf(kms, [first])?.indexOf("kms:")).toBeLessThan(textOf(kms, [first])?.indexOf("secretbox:") ?? 0);
    expect(encryptionConfiguration({ provider: "none" }, [])).toBeUndefined();
  });

  test("has keys of 32 bytes that cannot be printed", () => {
    expect(Buffer.from(first.secret.reveal().toString(), "base64")).toHaveLength(32);
    expect(JSON.stringify(first)).toContain("***");
  });
});

test("a stamp is read as it was written, and lines that are none are left out", () => {
  const stamps = new Map([["etcd", { inputs: "a".repeat(64), manifest: "b".repeat(64) }]]);
  expect(parseManifestStamp(`${manifestStampText(stamps)}nonsense\n`)).toEqual(stamps);
});

describe("encryption at rest that is in use", () => {
  const { kubernetes } = sample;
  type Encryption = ClusterSpec["kubernetes"]["apiServer"]["encryption"];
  const withEncryption = (encryption: Encryption) =>
    sampleSpec({ kubernetes: { ...kubernetes, apiServer: { ...kubernetes.apiServer, encryption } } });
  const keys = [nextEncryptionKey([], "secretbox")];
  /** What grep prints of the file a host was given, and what is refused with it there. */
  const seen = async (given: Encryption, wanted: Encryption) => {
    const text = encryptionConfiguration(given, keys)?.reveal().toString("utf8") ?? "";
    const [pattern = ""] = encryptionInUse.reads.flatMap((read) => (read.kind === "run" ? read.argv.slice(2, 3) : []));
    const printed = text.split("\n").filter((line) => new RegExp(pattern).test(line));
    expect(printed.join("\n")).not.toContain(keys[0]?.secret.reveal().toString("utf8"));
    const stdout = Buffer.from(`${printed.join("\n")}\n`);
    const answer: Answer = {
      kind: "result",
      exitCode: 0,
      stdout,
      stderr: Buffer.alloc(0),
      durationMs: 1,
      truncated: false,
    };
    const fact = <T>(asked: Fact<T>) => Promise.resolve(asked.parse([answer]));
    return (await encryptionNarrowed({ fact }, withEncryption(wanted), cp1.name))?.message;
  };
  const own = (...resources: readonly string[]): Encryption => ({ provider: "secretbox", resources });
  const kms = (name: string): Encryption => ({
    provider: "kms",
    name,
    endpoint: "unix:///run/kms/plugin.sock",
    resources: ["secrets"],
  });

  test("may be given more to encrypt, and keeps what it has encrypted", async () => {
    expect(await seen(own("secrets"), own("secrets", "configmaps"))).toBeUndefined();
    expect(await seen(own("secrets", "deployments.apps"), own("*.*"))).toBeUndefined();
    expect(await seen(own("*.apps", "secrets"), own("secrets"))).toMatch("cannot lose *.apps");
    expect(await seen(own("secrets", "configmaps"), own("secrets"))).toBe(
      "kubernetes.apiServer.encryption.resources cannot lose configmaps",
    );
  });

  test("is not handed to a plugin, from one, or to another", async () => {
    expect(await seen(kms("one"), kms("one"))).toBeUndefined();
    expect(await seen(kms("one"), kms("two"))).toMatch("from the KMS plugin one to the KMS plugin two");
    expect(await seen(own("secrets"), kms("one"))).toMatch("from keys of Slipway's to the KMS plugin one");
    expect(await seen(kms("one"), own("secrets"))).toMatch("from the KMS plugin one to keys of Slipway's");
  });
});

test("without grep nobody knows what is encrypted, nor when kubeconfigs end", () => {
  const answer: Answer = {
    kind: "result",
    exitCode: 127,
    stdout: Buffer.alloc(0),
    stderr: Buffer.from("sh: 1: grep: not found\n"),
    durationMs: 1,
    truncated: false,
  };
  const missing: Answer = { kind: "missing", exists: false };
  const certificates = kubeadmCertificates(sample);
  const answers = certificates.reads.map((read): Answer => (read.kind === "run" ? answer : missing));
  expect(() => encryptionInUse.parse([answer])).toThrow("host/output-not-understood");
  expect(() => certificates.parse(answers)).toThrow("host/output-not-understood");
});

describe("a proxy in the environment of the host", () => {
  test("is never between the host and the cluster's own servers", () => {
    const access = { url: "https://10.0.0.21:2379", authorityPath: "ca", certificatePath: "crt", keyPath: "key" };
    const facts = [etcdGatewayMembers(access), etcdValuePrefixes(access, "a", "b", 1), haproxyServers(8404)];
    for (const { reads } of facts)
      for (const read of reads) expect(read.kind === "run" && read.argv.join(" ")).toContain("--noproxy *");
  });
});
