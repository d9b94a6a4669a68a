import { ProblemError } from "../problems/problem.ts";

/** How what is written to the vault is kept: encrypted with age, or as plain files that only their owner may read. */
export type VaultEncryption = "age" | "none";

/** What `SLIPWAY_VAULT_ENCRYPTION` says; "age" when it is not set. Throws `usage/environment` for anything else. */
export function vaultEncryption({
  SLIPWAY_VAULT_ENCRYPTION: given = "",
}: Readonly<Record<string, string | undefined>>): VaultEncryption {
  if (given === "" || given === "age") return "age";
  if (given === "none") return "none";
  throw new ProblemError({
    code: "usage/environment",
    severity: "error",
    message: "SLIPWAY_VAULT_ENCRYPTION has a value it cannot have",
    because: `found ${JSON.stringify(given.slice(0, 40))}; wanted age or none`,
    hint: { text: "leave it away to have the vault encrypted", command: "unset SLIPWAY_VAULT_ENCRYPTION" },
  });
}
