import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { Secret } from "../hosts/secret.ts";

/** A private key (PKCS #8 PEM) and its public half (SPKI PEM). */
export interface SigningKeyPair {
  readonly key: Secret;
  readonly publicKey: string;
}

const generate = promisify(generateKeyPair);
/** RFC 7518 §3.3 asks at least this of RS256. */
const rsaBits = 2048;

/**
 * A key pair for signing tokens. RSA, not ECDSA: RS256 is the one algorithm every relying party of OpenID Connect has
 * to know (OpenID Connect Core 1.0 §15.1), and service account tokens are shown to clouds and vaults.
 */
export async function createSigningKeyPair(): Promise<SigningKeyPair> {
  const { publicKey, privateKey } = await generate("rsa", { modulusLength: rsaBits });
  return {
    key: new Secret(privateKey.export({ format: "pem", type: "pkcs8" })),
    publicKey: publicKey.export({ format: "pem", type: "spki" }).toString(),
  };
}
