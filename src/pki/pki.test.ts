import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Secret } from "../hosts/secret.ts";
import { assessCertificate } from "./assess-certificate.ts";
import { createAuthority, type KeyPair } from "./certificate-authority.ts";
import { inspectCertificate, isKeyOf, isSamePublicKey, isSignedBy } from "./inspect-certificate.ts";
import { type CertificateRequest, issueCertificate } from "./issue-certificate.ts";

const now = new Date("2026-11-21T12:00:00Z");
const dayMs = 24 * 3600_000;
const later = (days: number) => new Date(now.getTime() + days * dayMs);

const request: CertificateRequest = {
  commonName: "cp-1",
  dnsNames: ["cp-1", "localhost"],
  ipAddresses: ["10.0.0.11", "127.0.0.1", "fd00:0:0::11"],
  usages: ["server", "client"],
};

async function pair(over: Partial<CertificateRequest> = {}): Promise<{ authority: KeyPair; leaf: KeyPair }> {
  const authority = await createAuthority("demo etcd CA", now);
  return { authority, leaf: await issueCertificate(authority, { ...request, ...over }, now) };
}

const assess = (leaf: KeyPair, authority: KeyPair, at = now, wanted = request) =>
  assessCertificate(
    leaf.certificate,
    { request: wanted, authority: authority.certificate, now: at, renewWithinDays: 30 },
    "peer.crt",
  );

describe("an authority", () => {
  test("is a CA for ten years that may sign leaves only", async () => {
    const { authority } = await pair();
    const facts = inspectCertificate(authority.certificate, "ca.crt");
    expect(facts.isAuthority).toBe(true);
    expect(facts.subject).toBe("CN=demo etcd CA");
    expect(facts.issuer).toBe(facts.subject);
    expect(facts.notAfter).toEqual(later(3650));
    expect(isSignedBy(authority.certificate, authority.certificate, "ca.crt")).toBe(true);
  });

  test("has a key that cannot be printed", async () => {
    const { authority } = await pair();
    expect(JSON.stringify(authority)).not.toContain("PRIVATE KEY");
    expect(authority.key.reveal().toString()).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  });
});

describe("a leaf certificate", () => {
  test("says what was asked for, starts five minutes ago and lasts a year", async () => {
    const { leaf, authority } = await pair({ organizations: ["system:masters"] });
    const facts = inspectCertificate(leaf.certificate, "peer.crt");
    expect(facts).toMatchObject({
      commonName: "cp-1",
      organizations: ["system:masters"],
      issuer: "CN=demo etcd CA",
      dnsNames: ["cp-1", "localhost"],
      ipAddresses: ["10.0.0.11", "127.0.0.1", "fd00::11"],
      usages: ["server", "client"],
      isAuthority: false,
      notAfter: later(365),
    });
    expect(isSignedBy(leaf.certificate, authority.certificate, "peer.crt")).toBe(true);
    const early = await issueCertificate(authority, request, later(10));
    expect(inspectCertificate(early.certificate, "peer.crt").notBefore).toEqual(
      new Date(later(10).getTime() - 5 * 60_000),
    );
  });

  test("never outlives its authority", async () => {
    const { authority } = await pair();
    const leaf = await issueCertificate(authority, request, later(3600));
    expect(inspectCertificate(leaf.certificate, "peer.crt").notAfter).toEqual(later(3650));
  });

  test("fits its own key and no other", async () => {
    const { leaf, authority } = await pair();
    expect(isKeyOf(leaf.certificate, leaf.key, "peer.crt")).toBe(true);
    expect(isKeyOf(leaf.certificate, authority.key, "peer.crt")).toBe(false);
    expect(isKeyOf(leaf.certificate, new Secret("no key"), "peer.crt")).toBe(false);
    const { publicKey } = inspectCertificate(leaf.certificate, "peer.crt");
    expect(isSamePublicKey(publicKey, `${publicKey}\n`)).toBe(true);
    expect(isSamePublicKey(publicKey, inspectCertificate(authority.certificate, "ca.crt").publicKey)).toBe(false);
    expect(isSamePublicKey(publicKey, "")).toBe(false);
  });

  test("two have different serial numbers and keys", async () => {
    const { authority, leaf } = await pair();
    const other = await issueCertificate(authority, request, now);
    const [one, two] = [leaf, other].map((each) => inspectCertificate(each.certificate, "peer.crt"));
    expect(one?.serialNumber).not.toBe(two?.serialNumber);
    expect(one?.publicKey).not.toBe(two?.publicKey);
  });
});

describe("an assessment", () => {
  test("has nothing to say against a good certificate, whatever the spelling of an address", async () => {
    const { leaf, authority } = await pair();
    expect(assess(leaf, authority)).toEqual([]);
    expect(assess(leaf, authority, later(335))).toEqual([]);
  });

  test("names expiry before and after it happened", async () => {
    const { leaf, authority } = await pair();
    expect(assess(leaf, authority, later(336))).toEqual(["it expires on 2027-11-21, in 29 days (renewed at 30)"]);
    expect(assess(leaf, authority, later(366))).toEqual(["it expired on 2027-11-21"]);
    expect(assess(leaf, authority, later(-1))[0]).toMatch(/^it is not valid before 2026-11-21T11:55/);
  });

  test("names a certificate of another authority, also one with the same name", async () => {
    const { leaf } = await pair();
    const { authority: stranger } = await pair();
    expect(assess(leaf, stranger)).toEqual(["it is signed by another authority of the same name (CN=demo etcd CA)"]);
  });

  test("names missing and extra names, and wrong usages", async () => {
    const { leaf, authority } = await pair();
    const wanted: CertificateRequest = {
      ...request,
      commonName: "cp-9",
      ipAddresses: ["10.0.0.12", "127.0.0.1", "fd00::11"],
      usages: ["client"],
    };
    expect(assess(leaf, authority, now, wanted)).toEqual([
      'its common name is "cp-1", not "cp-9"',
      "it lacks 10.0.0.12",
      "it is also for 10.0.0.11",
      "its usages are server and client, not client",
    ]);
  });

  test("says so when the file is no certificate", async () => {
    const { authority, leaf } = await pair();
    expect(assess({ ...leaf, certificate: "garbage" }, authority)).toEqual(["it is not a certificate"]);
    expect(() => inspectCertificate("garbage", "/etc/etcd/pki/peer.crt")).toThrow(
      "certificate/not-understood: /etc/etcd/pki/peer.crt holds no certificate",
    );
  });
});

const openssl = spawnSync("openssl", ["version"]).status === 0;

describe.skipIf(!openssl)("openssl", () => {
  test.each(["sslserver", "sslclient"])("takes a leaf as %s by the strict rules of X.509", async (purpose) => {
    const { leaf, authority } = await pair();
    const folder = mkdtempSync(join(tmpdir(), "slipway-pki-"));
    try {
      writeFileSync(join(folder, "ca.crt"), authority.certificate);
      writeFileSync(join(folder, "leaf.crt"), leaf.certificate);
      const at = String(Math.floor(now.getTime() / 1000));
      const verify = ["verify", "-x509_strict", "-attime", at, "-purpose", purpose];
      const result = spawnSync("openssl", [...verify, "-CAfile", join(folder, "ca.crt"), join(folder, "leaf.crt")]);
      expect(result.stderr.toString()).toBe("");
      expect(result.stdout.toString()).toContain("leaf.crt: OK");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("refuses a client-only leaf as a server", async () => {
    const { leaf, authority } = await pair({ usages: ["client"] });
    const folder = mkdtempSync(join(tmpdir(), "slipway-pki-"));
    try {
      writeFileSync(join(folder, "ca.crt"), authority.certificate);
      writeFileSync(join(folder, "leaf.crt"), leaf.certificate);
      const at = String(Math.floor(now.getTime() / 1000));
      const verify = ["verify", "-x509_strict", "-attime", at, "-purpose", "sslserver"];
      expect(
        spawnSync("openssl", [...verify, "-CAfile", join(folder, "ca.crt"), join(folder, "leaf.crt")]).status,
      ).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
