import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { FakeRun } from "../../../test/support/fake-host-script.ts";
import { type FakeHosts, fakeHosts } from "../../../test/support/fake-hosts.ts";
import { FakeKube } from "../../../test/support/fake-kube.ts";
import { actOn, lookAt } from "../../../test/support/host-look.ts";
import { sampleHost, sampleSpec } from "../../../test/support/sample-spec.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { x509Library } from "../../pki/x509-library.ts";
import { servingCertificatesStep, servingRequestsStep } from "./serving-certificates-step.ts";
import { isPending, judgeServingRequest, type ServingRequest } from "./serving-request.ts";

const w1 = sampleHost("w-1", "10.0.0.31", ["worker"]);
const spec = sampleSpec({ hosts: [sampleHost("cp-1", "10.0.0.11", ["control-plane"]), w1] });

interface Asked {
  readonly subject?: string;
  readonly names?: readonly { readonly type: "dns" | "ip" | "email" | "url"; readonly value: string }[];
  readonly username?: string;
  readonly groups?: readonly string[];
  readonly usages?: readonly string[];
  readonly signerName?: string;
  readonly broken?: boolean;
}

async function requestOf(asked: Asked = {}, name = "csr-1"): Promise<ServingRequest> {
  const x509 = await x509Library();
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const names = asked.names ?? [
    { type: "dns", value: "w-1" },
    { type: "ip", value: "10.0.0.31" },
  ];
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: asked.subject ?? "O=system:nodes, CN=system:node:w-1",
    keys,
    signingAlgorithm: algorithm,
    extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension([...names])],
  });
  const der = Buffer.from(csr.rawData);
  // The last byte is the signature's.
  if (asked.broken === true) der[der.length - 1] = (der[der.length - 1] ?? 0) ^ 1;
  const pem = x509.PemConverter.encode(new Uint8Array(der).buffer, "CERTIFICATE REQUEST");
  return {
    metadata: { name },
    spec: {
      request: Buffer.from(pem).toString("base64"),
      signerName: asked.signerName ?? "kubernetes.io/kubelet-serving",
      usages: asked.usages ?? ["digital signature", "server auth"],
      username: asked.username ?? "system:node:w-1",
      groups: asked.groups ?? ["system:nodes", "system:authenticated"],
    },
    status: {},
  };
}

describe("judgeServingRequest", () => {
  test("takes what a kubelet asks for itself", async () => {
    expect(await judgeServingRequest(await requestOf(), spec.hosts)).toEqual({ state: "ours", host: w1 });
  });

  test("takes one with an RSA key's usage, and one with the address alone", async () => {
    const usages = ["key encipherment", "digital signature", "server auth"];
    const request = await requestOf({ usages, names: [{ type: "ip", value: "10.0.0.31" }] });
    expect(await judgeServingRequest(request, spec.hosts)).toMatchObject({ state: "ours" });
  });

  test.each<readonly [string, Asked, string]>([
    ["somebody who is no node", { username: "ann" }, '"ann" asks, which is not a node'],
    ["a node of no host", { username: "system:node:w-9" }, 'node "w-9" asks, which is not in the cluster file'],
    ["whoever is not of the nodes' group", { groups: ["system:authenticated"] }, "group system:nodes"],
    ["one node for another", { subject: "O=system:nodes, CN=system:node:cp-1" }, '"system:node:cp-1"'],
    ["another organization", { subject: "O=system:masters, CN=system:node:w-1" }, '"system:masters"'],
    ["two organizations", { subject: "O=system:nodes, O=system:masters, CN=system:node:w-1" }, "system:masters"],
    ["more in its subject", { subject: "O=system:nodes, CN=system:node:w-1, OU=ops" }, "OU=ops"],
    ["another name", { names: [{ type: "dns", value: "api.example.com" }] }, '"api.example.com"'],
    [
      "another address beside its own",
      {
        names: [
          { type: "ip", value: "10.0.0.31" },
          { type: "ip", value: "10.0.0.10" },
        ],
      },
      '"10.0.0.10"',
    ],
    [
      "a mail address beside its own",
      {
        names: [
          { type: "ip", value: "10.0.0.31" },
          { type: "email", value: "a@example.com" },
        ],
      },
      "email:a@example.com",
    ],
    ["no name at all", { names: [] }, "no name and no address"],
    ["use as a client", { usages: ["digital signature", "server auth", "client auth"] }, '"client auth"'],
    ["no use as a server", { usages: ["digital signature"] }, "not to be used for server auth"],
    ["another signer", { signerName: "kubernetes.io/kube-apiserver-client" }, "signer"],
    ["a key it does not have", { broken: true }, "not signed with its own key"],
  ])("leaves a request of %s", async (_what, asked, words) => {
    const judgement = await judgeServingRequest(await requestOf(asked), spec.hosts);
    expect(judgement.state === "strange" && judgement.because.join("; ")).toContain(words);
  });

  test("leaves what is no request, and quotes nothing a terminal obeys", async () => {
    const good = await requestOf();
    const nonsense = { ...good, spec: { ...good.spec, request: Buffer.from("\u001b[2Jhello").toString("base64") } };
    expect(await judgeServingRequest(nonsense, spec.hosts)).toMatchObject({ state: "strange" });
    const rude = { ...good, spec: { ...good.spec, username: "\u001b[2J\u202eann" } };
    const judgement = await judgeServingRequest(rude, spec.hosts);
    expect(judgement).toEqual({ state: "strange", because: ['"?[2J?ann" asks, which is not a node'] });
  });

  test("has nothing to do with requests that are decided", async () => {
    const request = await requestOf();
    expect(isPending(request)).toBe(true);
    expect(isPending({ ...request, status: { conditions: [{ type: "Denied" }] } })).toBe(false);
  });
});

describe("the steps for serving certificates", () => {
  const ownFile = "/var/lib/kubelet/pki/kubelet-server-current.pem";
  /** Hosts whose kubelet's certificate has expired. */
  const expired = new Set<string>();
  let kube: FakeKube;
  let hosts: FakeHosts;
  let pending: ServingRequest;
  let strange: ServingRequest;
  let stranger: ServingRequest;

  beforeAll(async () => {
    pending = await requestOf();
    strange = await requestOf({ names: [{ type: "ip", value: "10.0.0.10" }] }, "csr-strange");
    stranger = await requestOf({ username: "ann" }, "csr-ann");
  });

  beforeEach(() => {
    kube = new FakeKube();
    kube.intercept = (request) => {
      if (!request.path.endsWith("/approval")) return undefined;
      const name = request.path.split("/").at(-2) ?? "";
      kube.put({ ...(JSON.parse(request.body) as KubeObject), metadata: { name } });
      return { status: 200, body: {} };
    };
    expired.clear();
    const openssl: FakeRun = {
      argv: ["openssl", "x509", "-noout", "-checkend", "0"],
      answer: ({ host }) => ({ exitCode: expired.has(host.host) ? 1 : 0 }),
    };
    hosts = fakeHosts({
      hosts: {
        "cp-1": { files: { ...kube.files, [ownFile]: "" }, runs: [kube.run, openssl] },
        "w-1": { runs: [openssl] },
      },
    });
  });

  function put(request: ServingRequest): void {
    const object = { apiVersion: "certificates.k8s.io/v1", kind: "CertificateSigningRequest", ...request };
    kube.put(object as unknown as KubeObject);
  }

  test("wait for a kubelet that has not asked", async () => {
    const look = lookAt(hosts, "cp-1");
    expect(await servingRequestsStep(spec, "workers").check(look)).toMatchObject({
      state: "needed",
      changes: [{ what: "wait for the request of w-1" }],
    });
    expect(await servingCertificatesStep(spec, "workers").check(look)).toMatchObject({
      state: "unknown",
      until: "nodes.serving-requests/workers",
    });
    put(pending);
    expect(await servingRequestsStep(spec, "workers").verify[0].holds(lookAt(hosts, "cp-1"))).toEqual({ state: "met" });
  });

  test("approve the latest of what one kubelet asked, for it has forgotten the others", async () => {
    const at = (request: ServingRequest, name: string, creationTimestamp: string): ServingRequest => ({
      ...request,
      metadata: { name, creationTimestamp },
    });
    put(at(pending, "csr-a", "2026-01-01T10:00:00Z"));
    put(at(pending, "csr-c", "2026-01-01T10:30:00Z"));
    put(at(strange, "csr-b", "2026-01-01T10:15:00Z"));
    const step = servingCertificatesStep(spec, "workers");
    expect(await step.check(lookAt(hosts, "cp-1"))).toMatchObject({
      state: "needed",
      changes: [{ what: "CertificateSigningRequest csr-c" }],
    });
    put({ ...at(pending, "csr-d", "2026-01-01T10:45:00Z"), status: { certificate: "c2lnbmVk" } });
    await hosts.session("w-1").change({ kind: "write", path: ownFile, content: "", mode: 0o600 });
    expect(await step.check(lookAt(hosts, "cp-1"))).toMatchObject({ state: "satisfied" });
  });

  test("approve what is ours, and leave what somebody else asks", async () => {
    put(pending);
    put(stranger);
    const step = servingCertificatesStep(spec, "workers");
    const check = await step.check(lookAt(hosts, "cp-1"));
    if (check.state !== "needed") throw new Error(check.state);
    expect(check.changes.map((one) => one.what)).toEqual(["CertificateSigningRequest csr-1"]);
    const said: string[] = [];
    await step.apply(actOn(hosts, "cp-1", said), check.found);
    expect(kube.requests.filter((one) => one.method === "PUT").map((one) => one.path)).toEqual([
      "/apis/certificates.k8s.io/v1/certificatesigningrequests/csr-1/approval",
    ]);
    expect(said).toEqual(['left alone: request csr-ann: "ann" asks, which is not a node']);
  });

  test("are done when every kubelet has its certificate, and name what is left alone", async () => {
    put(strange);
    await hosts.session("w-1").change({ kind: "write", path: ownFile, content: "", mode: 0o600 });
    const step = servingCertificatesStep(spec, "workers");
    expect(await step.check(lookAt(hosts, "cp-1"))).toEqual({
      state: "satisfied",
      because: expect.stringContaining("csr-strange"),
    });
    expect(await step.verify[0].holds(lookAt(hosts, "cp-1"))).toEqual({ state: "met" });
  });

  test("approve the next one of a kubelet whose certificate has expired, and wait until it has asked", async () => {
    expired.add("cp-1");
    put(pending);
    await hosts.session("w-1").change({ kind: "write", path: ownFile, content: "", mode: 0o600 });
    expect(await servingRequestsStep(spec, "control-planes").check(lookAt(hosts, "cp-1"))).toMatchObject({
      state: "needed",
      changes: [{ what: "wait for the request of cp-1" }],
    });
  });

  test("of workers do not wait for control planes, and the other way round", async () => {
    expired.add("cp-1");
    put(pending);
    const look = lookAt(hosts, "cp-1");
    expect(await servingRequestsStep(spec, "workers").check(look)).toMatchObject({ state: "satisfied" });
    expect(await servingCertificatesStep(spec, "workers").check(look)).toMatchObject({ state: "needed" });
    expect(await servingCertificatesStep(spec, "control-planes").check(look)).toMatchObject({
      state: "unknown",
      until: "nodes.serving-requests/control-planes",
    });
  });

  test("do not wait for a host that cannot be reached", async () => {
    hosts.session("w-1").unreachable = true;
    expect(await servingRequestsStep(spec, "workers").check(lookAt(hosts, "cp-1"))).toMatchObject({
      state: "satisfied",
    });
    expect(await servingCertificatesStep(spec, "workers").check(lookAt(hosts, "cp-1"))).toMatchObject({
      state: "satisfied",
    });
  });

  test("name a node that asks for what is not its own, and do not wait for it in vain", async () => {
    put(strange);
    const step = servingCertificatesStep(spec, "workers");
    const problem = { code: "kubernetes/strange-certificate-request", where: { host: "w-1" } };
    expect(await step.check(lookAt(hosts, "cp-1"))).toMatchObject({
      state: "needed",
      changes: [{ what: "wait for the signed certificates of w-1", because: expect.stringContaining("csr-strange") }],
    });
    expect(await step.verify[0].holds(lookAt(hosts, "cp-1"))).toMatchObject({ state: "never", problem });
  });
});
