import type { Change, Condition, HostAct, HostLook, HostStep, NonEmpty, StepId } from "../../engine/step.ts";
import { issueCertificate } from "../../pki/issue-certificate.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { HostSpec } from "../../spec/cluster-spec.ts";
import { readEtcdAuthority } from "./etcd-authority.ts";
import type { CertificateSet } from "./etcd-certificates.ts";
import { etcdAuthorityStepId } from "./etcd-layout.ts";
import { type CertificateJudgements, judgeCertificates, renewWithinDays } from "./judge-certificates.ts";

const publicFile = { mode: 0o644, owner: "root", group: "root" } as const;

/**
 * Certificates on one host, each with its own key made here and kept only there. Where `isOthers` says so they are
 * another step's: those of a living member are replaced by its restart step, one member at a time.
 */
export function etcdCertsStep(step: {
  readonly id: StepId;
  readonly title: string;
  readonly host: HostSpec;
  readonly set: CertificateSet;
  readonly after: readonly StepId[];
  isOthers?(look: HostLook): Promise<boolean>;
}): HostStep<CertificateJudgements> {
  const { set, host } = step;
  const judge = async (look: HostLook) => {
    const [isOthers, found] = await Promise.all([step.isOthers?.(look), judgeCertificates(look, host.name, set)]);
    return isOthers === true ? undefined : found;
  };
  const asWanted: Condition<HostLook> = {
    title: `certificates of ${host.name} to be good`,
    everyMs: 1000,
    withinMs: 10_000,
    async holds(look) {
      const [left] = (await judge(look))?.changes ?? [];
      if (left === undefined) return { state: "met" };
      return { state: "not-yet", because: `${left.what}: ${left.because ?? "it is missing"}` };
    },
  };
  return {
    id: step.id,
    title: step.title,
    phase: "etcd",
    on: host.name,
    after: [etcdAuthorityStepId, ...step.after],
    impact: "none",
    async check(look) {
      const found = await judge(look);
      if (found === undefined) {
        return { state: "satisfied", because: "a member lives there; its certificates are replaced with its settings" };
      }
      const [first, ...rest] = found.changes;
      if (first === undefined) {
        return {
          state: "satisfied",
          because: `${set.files.length} certificates are good for ${renewWithinDays} days`,
        };
      }
      return { state: "needed", found, changes: [first, ...rest] as NonEmpty<Change> };
    },
    apply: (act, found) => writeCertificates(act, set, found),
    verify: [asWanted],
  };
}

/** Issues and mends what was found to be wrong with the certificates of the step's host. */
export async function writeCertificates(
  act: HostAct,
  set: CertificateSet,
  found: CertificateJudgements,
): Promise<void> {
  const authority = await readEtcdAuthority(act);
  if (authority === undefined) throw noAuthority();
  if (found.authority) {
    await act.change({ kind: "write", path: set.authorityPath, content: authority.certificate, ...publicFile });
  }
  for (const file of found.reissue) {
    const made = await issueCertificate(authority, file.request, act.now());
    const owner = { owner: file.owner, group: file.owner };
    await act.change({ kind: "write", path: file.keyPath, content: made.key, mode: 0o600, ...owner });
    await act.change({ kind: "write", path: file.certificatePath, content: made.certificate, ...publicFile });
  }
  for (const change of found.repair) await act.change(change);
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
