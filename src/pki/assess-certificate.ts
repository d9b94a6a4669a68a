import { ProblemError } from "../problems/problem.ts";
import { type CertificateFacts, canonicalAddress, inspectCertificate, isSignedBy } from "./inspect-certificate.ts";
import type { CertificateRequest } from "./issue-certificate.ts";

/** What a certificate is held against. */
export interface CertificateWish {
  readonly request: CertificateRequest;
  /** PEM of the authority that must have signed it. */
  readonly authority: string;
  readonly now: Date;
  /** With less than this left it is to be renewed. */
  readonly renewWithinDays: number;
}

const dayMs = 24 * 3600_000;

/**
 * Why a certificate must be replaced, as statements ("it expired on 2026-01-02"), most important first; empty when it
 * will do. Names are compared exactly: one too many is as wrong as one missing.
 */
export function assessCertificate(pem: string, wish: CertificateWish, where: string): readonly string[] {
  let facts: CertificateFacts;
  try {
    facts = inspectCertificate(pem, where);
  } catch (cause) {
    if (cause instanceof ProblemError) return ["it is not a certificate"];
    throw cause;
  }
  return [
    ...assessIssuer(pem, facts, wish, where),
    ...assessDates(facts, wish),
    ...assessNames(facts, wish.request),
    ...assessUsages(facts, wish.request),
  ];
}

function assessIssuer(pem: string, facts: CertificateFacts, wish: CertificateWish, where: string): readonly string[] {
  if (isSignedBy(pem, wish.authority, where)) return [];
  const wanted = inspectCertificate(wish.authority, `authority of ${where}`);
  const sameName = facts.issuer === wanted.subject ? " of the same name" : "";
  return [`it is signed by another authority${sameName} (${facts.issuer})`];
}

function assessDates(facts: CertificateFacts, wish: CertificateWish): readonly string[] {
  const day = (date: Date) => date.toISOString().slice(0, 10);
  const leftDays = (facts.notAfter.getTime() - wish.now.getTime()) / dayMs;
  if (leftDays < 0) return [`it expired on ${day(facts.notAfter)}`];
  if (leftDays < wish.renewWithinDays) {
    return [
      `it expires on ${day(facts.notAfter)}, in ${Math.floor(leftDays)} days (renewed at ${wish.renewWithinDays})`,
    ];
  }
  return facts.notBefore > wish.now ? [`it is not valid before ${facts.notBefore.toISOString()}`] : [];
}

function assessNames(facts: CertificateFacts, request: CertificateRequest): readonly string[] {
  const found = new Set([...facts.dnsNames, ...facts.ipAddresses]);
  const wanted = new Set([...request.dnsNames, ...request.ipAddresses.map(canonicalAddress)]);
  const missing = [...wanted].filter((name) => !found.has(name));
  const extra = [...found].filter((name) => !wanted.has(name));
  return [
    ...(facts.commonName === request.commonName
      ? []
      : [`its common name is "${facts.commonName}", not "${request.commonName}"`]),
    ...(sameSet(facts.organizations, request.organizations ?? [])
      ? []
      : [
          `its organizations are "${facts.organizations.join(", ")}", not "${(request.organizations ?? []).join(", ")}"`,
        ]),
    ...(missing.length > 0 ? [`it lacks ${missing.join(", ")}`] : []),
    ...(extra.length > 0 ? [`it is also for ${extra.join(", ")}`] : []),
  ];
}

function assessUsages(facts: CertificateFacts, request: CertificateRequest): readonly string[] {
  if (sameSet(facts.usages, request.usages)) return [];
  return [`its usages are ${facts.usages.join(" and ") || "none"}, not ${request.usages.join(" and ")}`];
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.every((value) => other.includes(value)) && other.every((value) => one.includes(value));
}
