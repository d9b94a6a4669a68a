import type { Look } from "../../engine/step.ts";
import type { KeyPair } from "../../pki/certificate-authority.ts";
import { etcdAuthority } from "./etcd-layout.ts";

/** etcd's authority from the vault; undefined until it is made. */
export async function readEtcdAuthority(look: Pick<Look, "vault">): Promise<KeyPair | undefined> {
  const [certificate, key] = await Promise.all([
    look.vault.read(etcdAuthority.certificate),
    look.vault.read(etcdAuthority.key),
  ]);
  if (certificate === undefined || key === undefined) return undefined;
  return { certificate: certificate.reveal().toString("utf8"), key };
}
