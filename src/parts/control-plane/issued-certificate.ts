import type { HostAct } from "../../engine/step.ts";
import { certificateOnHost } from "../../facts/certificate-file.ts";
import type { KeyPair } from "../../pki/certificate-authority.ts";
import { issueCertificate } from "../../pki/issue-certificate.ts";
import type { Comparison, Resource } from "../../resources/resource.ts";
import type { CertificateFile } from "../etcd/etcd-certificates.ts";
import { changesOfJudgement, judgeCertificate } from "../etcd/judge-certificates.ts";
import { controlPlaneAuthorityStepId } from "./control-plane-layout.ts";

/**
 * A certificate on a host that Slipway issues itself, with a key made for it. Issued anew when it is missing, wrong, of
 * another authority or about to expire. Without the authority it waits for the step that makes it.
 */
export function issuedCertificate(file: CertificateFile, authority: KeyPair | undefined, now: Date): Resource {
  const there = certificateOnHost(file.certificatePath, file.keyPath);
  return {
    key: `certificate ${file.certificatePath}`,
    reads: there.reads,
    compare(answers): Comparison {
      if (authority === undefined) {
        return { state: "unknown", until: controlPlaneAuthorityStepId, because: "its authority is not made yet" };
      }
      const found = there.parse(there.reads.map((read) => answers.of(read)));
      const judgement = judgeCertificate(file, found, authority.certificate, now);
      const [first, ...rest] = changesOfJudgement(judgement);
      if (first === undefined) return { state: "same" };
      const changes = [first, ...rest] as const;
      if (judgement.reasons.length === 0) {
        return { state: "different", changes, make: judgement.repairs.flatMap((one) => one.make), quiet: true };
      }
      return { state: "different", changes, make: (act) => issue(act, file, authority) };
    },
  };
}

async function issue(act: HostAct, file: CertificateFile, authority: KeyPair): Promise<void> {
  const { certificatePath, keyPath, owner, request } = file;
  const made = await issueCertificate(authority, request, act.now());
  await act.change({ kind: "write", path: keyPath, content: made.key, mode: 0o600, owner, group: owner });
  const publicFile = { mode: 0o644, owner: "root", group: "root" } as const;
  await act.change({ kind: "write", path: certificatePath, content: made.certificate, ...publicFile });
}
