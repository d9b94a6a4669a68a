import type { Change, Look } from "../../engine/step.ts";
import { type CertificateOnHost, certificateOnHost } from "../../facts/certificate-file.ts";
import type { Fact } from "../../facts/fact.ts";
import { beginningOf } from "../../facts/not-understood.ts";
import type { HostChange, HostName } from "../../hosts/port.ts";
import { assessCertificate } from "../../pki/assess-certificate.ts";
import { inspectCertificate, isSamePublicKey } from "../../pki/inspect-certificate.ts";
import { ProblemError } from "../../problems/problem.ts";
import { type Ownership, ownership, ownershipChanges } from "../../resources/ownership.ts";
import { readEtcdAuthority } from "./etcd-authority.ts";
import type { CertificateFile, CertificateSet } from "./etcd-certificates.ts";

/** Renewed with less than this left: kubeadm's own warning starts there. */
export const renewWithinDays = 30;

/** What has to be done about a set of certificates. */
export interface CertificateJudgements {
  /** The copy of the authority has to be written. */
  readonly authority: boolean;
  readonly reissue: readonly CertificateFile[];
  /** Modes and owners of what is otherwise good. */
  readonly repair: readonly HostChange[];
  /** All of that for the plan; empty when everything is good. */
  readonly changes: readonly Change[];
  /** A member may well be healthy with them: nothing is wrong but that some are due. */
  readonly usable: boolean;
}

/** What is wrong with one certificate on a host. */
export interface CertificateJudgement {
  readonly file: CertificateFile;
  /** Why it must be issued anew; empty when it will do. */
  readonly reasons: readonly string[];
  /** It will do for now: it is at most due. */
  readonly usable: boolean;
  readonly exists: boolean;
  readonly repairs: readonly { readonly change: Change; readonly make: readonly HostChange[] }[];
}

/** Holds what is on a host against the authority in the vault and the clock. One round trip. */
export async function judgeCertificates(
  look: Pick<Look, "factOf" | "vault" | "now">,
  host: HostName,
  set: CertificateSet,
): Promise<CertificateJudgements> {
  const [authority, copy, ...found] = await Promise.all([
    readEtcdAuthority(look),
    look.factOf(host, authorityCopy(set.authorityPath)),
    ...set.files.map((file) => look.factOf(host, filesOf(file))),
  ]);
  const pem = authority?.certificate;
  const judgements = set.files.flatMap((file, index): CertificateJudgement[] => {
    const there = found[index];
    return there === undefined ? [] : [judgeOnce(file, there, pem, look.now())];
  });
  const copyChange = authorityDrift(set.authorityPath, copy, pem);
  return {
    authority: copyChange !== undefined,
    reissue: judgements.filter((one) => one.reasons.length > 0).map((one) => one.file),
    repair: judgements.flatMap((one) => (one.reasons.length > 0 ? [] : one.repairs.flatMap((each) => each.make))),
    changes: [...(copyChange === undefined ? [] : [copyChange]), ...judgements.flatMap(changesOfJudgement)],
    usable: copyChange === undefined && judgements.every((one) => one.usable),
  };
}

const factsByPaths = new Map<string, Fact<CertificateOnHost>>();

/** One fact for all who ask about a certificate, so that each look parses it once. */
function filesOf({ certificatePath, keyPath }: CertificateFile): Fact<CertificateOnHost> {
  const key = JSON.stringify([certificatePath, keyPath]);
  const known = factsByPaths.get(key);
  if (known !== undefined) return known;
  const made = certificateOnHost(certificatePath, keyPath);
  factsByPaths.set(key, made);
  return made;
}

const judged = new WeakMap<CertificateOnHost, { readonly by: string; readonly judgement: CertificateJudgement }>();

/**
 * What one look has found is judged once in it: every step of a cluster asks about every member. The time is no part of
 * the key: `there` belongs to one look, which lasts seconds, and certificates are judged by the day.
 */
function judgeOnce(
  file: CertificateFile,
  there: CertificateOnHost,
  authority: string | undefined,
  now: Date,
): CertificateJudgement {
  const by = JSON.stringify([file, authority]);
  const before = judged.get(there);
  if (before?.by === by) return before.judgement;
  const judgement = judgeCertificate(file, there, authority, now);
  judged.set(there, { by, judgement });
  return judgement;
}

/** Holds one certificate and its key against what was asked for, its authority (PEM) and the clock. */
export function judgeCertificate(
  file: CertificateFile,
  there: CertificateOnHost,
  authority: string | undefined,
  now: Date,
): CertificateJudgement {
  const exists = there.certificate.exists || there.key.exists;
  const reasonsWithin = (days: number) =>
    !exists
      ? ["it is missing"]
      : [
          ...(there.pem === undefined ? ["the certificate is missing"] : []),
          ...(there.key.exists ? [] : ["its key is missing"]),
          ...(there.pem === undefined ? [] : certificateReasons(file, there.pem, authority, now, days)),
          ...keyReasons(file, there),
        ];
  const reasons = reasonsWithin(renewWithinDays);
  const repairs = repairsOf(file, there);
  const usable = repairs.length === 0 && (reasons.length === 0 || reasonsWithin(0).length === 0);
  return { file, reasons, usable, exists, repairs };
}

function certificateReasons(
  file: CertificateFile,
  pem: string,
  authority: string | undefined,
  now: Date,
  withinDays: number,
): readonly string[] {
  if (authority === undefined) return ["its authority is not in the vault"];
  const wish = { request: file.request, authority, now, renewWithinDays: withinDays };
  return assessCertificate(pem, wish, file.certificatePath);
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

function repairsOf(file: CertificateFile, there: CertificateOnHost): CertificateJudgement["repairs"] {
  const repair = (path: string, stat: CertificateOnHost["key"], wanted: Ownership): CertificateJudgement["repairs"] => {
    const drift = stat.exists ? ownershipChanges(stat, wanted) : undefined;
    if (drift === undefined) return [];
    const change: Change = { verb: "update", what: `file ${path}`, from: drift.from, to: drift.to };
    return [{ change, make: drift.make(path) }];
  };
  return [
    ...repair(file.keyPath, there.key, ownership(0o600, file.owner, file.owner)),
    ...repair(file.certificatePath, there.certificate, ownership(0o644)),
  ];
}

/** A judgement for the plan; empty when the certificate is good. */
export function changesOfJudgement(judgement: CertificateJudgement): readonly Change[] {
  const { file, reasons, exists, repairs } = judgement;
  if (reasons.length === 0) return repairs.map((one) => one.change);
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

/** The text of an authority's certificate on a host; undefined without one. */
export function authorityCopy(path: string): Fact<string | undefined> {
  return {
    name: `text ${path}`,
    reads: [{ kind: "content", path, maxBytes: 64 * 1024 }],
    parse: ([answer]) => beginningOf("text", path, answer),
  };
}
