import type { Change, HostLook, HostStep, NonEmpty, StepId } from "../../engine/step.ts";
import { type CertificateOnHost, certificateOnHost } from "../../facts/certificate-file.ts";
import type { Fact } from "../../facts/fact.ts";
import { textOf } from "../../facts/not-understood.ts";
import type { HostChange } from "../../hosts/port.ts";
import { assessCertificate } from "../../pki/assess-certificate.ts";
import { inspectCertificate, isSamePublicKey } from "../../pki/inspect-certificate.ts";
import { issueCertificate } from "../../pki/issue-certificate.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { HostSpec } from "../../spec/cluster-spec.ts";
import { readEtcdAuthority } from "./etcd-ca-step.ts";
import type { CertificateFile, CertificateSet } from "./etcd-certificates.ts";
import { etcdAuthorityStepId } from "./etcd-layout.ts";

/** Renewed with less than this left: kubeadm's own warning, and the alert of mission H3, start there. */
const renewWithinDays = 30;

interface Found {
  readonly authority: boolean;
  readonly reissue: readonly CertificateFile[];
  readonly repair: readonly HostChange[];
}

interface Judgement {
  readonly file: CertificateFile;
  /** Why it must be issued anew; empty when it will do. */
  readonly reasons: readonly string[];
  readonly exists: boolean;
  readonly repairs: readonly { readonly change: Change; readonly make: HostChange }[];
}

/**
 * Certificates on one host, each with its own key made here and kept only there. etcd reads certificate and key anew for
 * every handshake, so replacing them needs no restart; only a changed authority does, and the configure step does that.
 * `transport/listener.go` of etcd 3.4 to 3.6: GetCertificate, GetClientCertificate (2026-11-21)
 */
export function etcdCertsStep(step: {
  readonly id: StepId;
  readonly title: string;
  readonly host: HostSpec;
  readonly set: CertificateSet;
  readonly after: readonly StepId[];
}): HostStep<Found> {
  const { set, host } = step;
  return {
    id: step.id,
    title: step.title,
    phase: "etcd",
    on: host.name,
    after: [etcdAuthorityStepId, ...step.after],
    impact: "none",
    async check(look) {
      const { judgements, authorityChange } = await judge(look, set);
      const changes = [...(authorityChange === undefined ? [] : [authorityChange]), ...judgements.flatMap(changesOf)];
      const [first, ...rest] = changes;
      if (first === undefined) {
        return {
          state: "satisfied",
          because: `${judgements.length} certificates are good for ${renewWithinDays} days`,
        };
      }
      const found: Found = {
        authority: authorityChange !== undefined,
        reissue: judgements.filter((one) => one.reasons.length > 0).map((one) => one.file),
        repair: judgements.flatMap((one) => (one.reasons.length > 0 ? [] : one.repairs.map((each) => each.make))),
      };
      return { state: "needed", found, changes: [first, ...rest] as NonEmpty<Change> };
    },
    async apply(act, found) {
      const authority = await readEtcdAuthority(act);
      if (authority === undefined) throw noAuthority();
      if (found.authority) {
        const content = authority.certificate;
        await act.change({
          kind: "write",
          path: set.authorityPath,
          content,
          mode: 0o644,
          owner: "root",
          group: "root",
        });
      }
      for (const file of found.reissue) {
        const made = await issueCertificate(authority, file.request, act.now());
        const owner = { owner: file.owner, group: file.owner };
        await act.change({ kind: "write", path: file.keyPath, content: made.key, mode: 0o600, ...owner });
        await act.change({
          kind: "write",
          path: file.certificatePath,
          content: made.certificate,
          mode: 0o644,
          owner: "root",
          group: "root",
        });
      }
      for (const change of found.repair) await act.change(change);
    },
    verify: [
      {
        title: `certificates of ${host.name} to be good`,
        everyMs: 1000,
        withinMs: 10_000,
        async holds(look) {
          const { judgements, authorityChange } = await judge(look, set);
          const [left] = [
            ...(authorityChange === undefined ? [] : [authorityChange]),
            ...judgements.flatMap(changesOf),
          ];
          if (left === undefined) return { state: "met" };
          return { state: "not-yet", because: `${left.what}: ${left.because ?? "it is missing"}` };
        },
      },
    ],
  };
}

async function judge(look: HostLook, set: CertificateSet) {
  const [authority, copy, ...found] = await Promise.all([
    readEtcdAuthority(look),
    look.fact(textFile(set.authorityPath)),
    ...set.files.map((file) => look.fact(certificateOnHost(file.certificatePath, file.keyPath))),
  ]);
  const pem = authority?.certificate;
  const judgements = set.files.flatMap((file, index): Judgement[] => {
    const there = found[index];
    return there === undefined ? [] : [judgeOne(file, there, pem, look.now())];
  });
  return { judgements, authorityChange: authorityDrift(set.authorityPath, copy, pem) };
}

function judgeOne(
  file: CertificateFile,
  there: CertificateOnHost,
  authority: string | undefined,
  now: Date,
): Judgement {
  const exists = there.certificate.exists || there.key.exists;
  const reasons = !exists
    ? ["it is missing"]
    : [
        ...(there.pem === undefined ? ["the certificate is missing"] : []),
        ...(there.key.exists ? [] : ["its key is missing"]),
        ...(there.pem === undefined ? [] : certificateReasons(file, there.pem, authority, now)),
        ...keyReasons(file, there),
      ];
  return { file, reasons, exists, repairs: repairsOf(file, there) };
}

function certificateReasons(
  file: CertificateFile,
  pem: string,
  authority: string | undefined,
  now: Date,
): readonly string[] {
  if (authority === undefined) return ["its authority is not in the vault"];
  return assessCertificate(pem, { request: file.request, authority, now, renewWithinDays }, file.certificatePath);
}

function keyReasons(file: CertificateFile, there: CertificateOnHost): readonly string[] {
  if (there.pem === undefined || !there.key.exists || there.publicKey === "no-openssl") return [];
  const wanted = certificateKey(there.pem, file.certificatePath);
  if (wanted === undefined || isSamePublicKey(wanted, there.publicKey)) return [];
  return ["its key belongs to another certificate"];
}

function certificateKey(pem: string, where: string): string | undefined {
  try {
    return inspectCertificate(pem, where).publicKey;
  } catch (cause) {
    // What is no certificate has been named as that already.
    if (cause instanceof ProblemError) return undefined;
    throw cause;
  }
}

function repairsOf(file: CertificateFile, there: CertificateOnHost): Judgement["repairs"] {
  const repair = (path: string, stat: CertificateOnHost["key"], mode: number, owner: string) => {
    if (!stat.exists || (stat.mode === mode && stat.owner === owner && stat.group === owner)) return [];
    const octal = (bits: number) => bits.toString(8).padStart(4, "0");
    return [
      {
        change: {
          verb: "update",
          what: `file ${path}`,
          from: `${octal(stat.mode)} ${stat.owner}:${stat.group}`,
          to: `${octal(mode)} ${owner}:${owner}`,
        } as const,
        makes: [
          { kind: "run", argv: ["chown", `${owner}:${owner}`, "--", path] },
          { kind: "run", argv: ["chmod", octal(mode), "--", path] },
        ] as const,
      },
    ];
  };
  return [
    ...repair(file.keyPath, there.key, 0o600, file.owner),
    ...repair(file.certificatePath, there.certificate, 0o644, "root"),
  ].flatMap(({ change, makes }) => makes.map((make) => ({ change, make })));
}

function changesOf(judgement: Judgement): readonly Change[] {
  const { file, reasons, exists, repairs } = judgement;
  if (reasons.length === 0) return [...new Set(repairs.map((one) => one.change))];
  const what = `certificate ${file.certificatePath}`;
  const { commonName, dnsNames, ipAddresses } = file.request;
  const to = [`CN=${commonName}`, ...dnsNames, ...ipAddresses].join(", ");
  return exists
    ? [{ verb: "update", what, to: "issued anew", because: reasons.join("; ") }]
    : [{ verb: "create", what, to }];
}

function authorityDrift(path: string, copy: string | undefined, pem: string | undefined): Change | undefined {
  const what = `file ${path}`;
  if (copy === undefined) return { verb: "create", what, to: "etcd's certificate authority" };
  if (pem === undefined || copy === pem) return undefined;
  return { verb: "update", what, because: "it is not the authority in the vault" };
}

function textFile(path: string): Fact<string | undefined> {
  return {
    name: `text ${path}`,
    reads: [{ kind: "content", path, maxBytes: 64 * 1024 }],
    parse: ([answer]) => textOf("text", path, answer),
  };
}

function noAuthority(): ProblemError {
  return new ProblemError({
    code: "etcd/authority-missing",
    severity: "error",
    message: "etcd's certificates cannot be made",
    because: "the state folder has no etcd certificate authority",
    hint: { text: "Run Slipway with the state folder the cluster was made with" },
  });
}
