import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type LabCluster, vaultOf } from "../../support/lab-cluster.ts";

/** Something a run made that nobody else may see, and the texts that give it away wherever they stand. */
export interface MadeSecret {
  readonly name: string;
  readonly marks: readonly string[];
}

/** Shorter than this, a text may stand somewhere by chance. */
const shortest = 8;
const shortestInBase64 = 12;

/** Everything secret in the vault, and the key to it. */
export async function secretsOfVault(cluster: LabCluster): Promise<readonly MadeSecret[]> {
  const vault = vaultOf(cluster);
  const identity = await readFile(join(cluster.folder.path, "home", ".config", "slipway", "identity.txt"), "utf8");
  const found = await Promise.all(
    (await vault.list()).map(async (name) => {
      const text = (await vault.read(name))?.reveal().toString("utf8") ?? "";
      return secretsIn(`vault ${name}`, text);
    }),
  );
  return [...found.flat(), ...secretsIn("identity", /AGE-SECRET-KEY-\w+/.exec(identity)?.[0] ?? "")];
}

/** Private keys that are on the machines only: kubeadm's, kubelet's, etcd's. */
export async function keysOfMachines({ lab }: LabCluster): Promise<readonly MadeSecret[]> {
  const places = "/etc/kubernetes /etc/etcd /var/lib/kubelet/pki";
  const print = 'while read -r path; do echo "== $path"; cat "$path"; done';
  const found = await Promise.all(
    lab.machines.map(async ({ name }) => {
      const list = `grep -rlE 'PRIVATE KEY|client-key-data' ${places} 2>/dev/null | ${print}`;
      const { stdout } = await lab.exec(name, ["sh", "-c", list]);
      return stdout.split(/^== /m).flatMap((file) => {
        const [path = "", ...lines] = file.split("\n");
        return path === "" ? [] : secretsIn(`${name} ${path}`, lines.join("\n"));
      });
    }),
  );
  return found.flat();
}

/** Passwords, tokens, keys in JSON, PEM and kubeconfigs; what is public has none. */
export function secretsIn(name: string, text: string): readonly MadeSecret[] {
  const inKubeconfig = [...text.matchAll(/client-key-data: (\S+)/g)].map(([, data = ""]) =>
    Buffer.from(data, "base64").toString("utf8"),
  );
  const pem = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/g;
  const keys = [text, ...inKubeconfig].flatMap((one) => one.match(pem) ?? []);
  if (keys.length > 0) return keys.map((key) => ({ name, marks: marksOfKey(key) }));
  if (/-----BEGIN/.test(text)) return [];
  const inJson = [...text.matchAll(/"secret":"([^"]+)"/g)].map(([, secret = ""]) => secret);
  const words = inJson.length > 0 ? inJson : [text.trim()];
  return words.filter((word) => word.length >= shortest).map((word) => ({ name, marks: marksOf(word) }));
}

function marksOf(text: string): readonly string[] {
  return [text, ...base64Marks(Buffer.from(text))];
}

/** Whatever of the PEM text holds nothing but the secret number: a certificate has the rest too. */
function marksOfKey(pem: string): readonly string[] {
  const body = pem.replace(/-----[A-Z ]+-----|\s/g, "");
  const key = createPrivateKey({ key: Buffer.from(body, "base64"), format: "der", type: kindOf(pem) });
  const secret = Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url");
  const start = Buffer.from(body, "base64").indexOf(secret);
  if (secret.length < 32 || start < 0) throw new Error("a private key is not understood");
  const [from, to] = [Math.ceil(start / 3) * 4, Math.floor((start + secret.length) / 3) * 4];
  const lines = pem.split("\n").filter((line) => !line.startsWith("-----"));
  const parts = lines.flatMap((line) => {
    const at = body.indexOf(line);
    const part = body.slice(Math.max(at, from), Math.min(at + line.length, to));
    return part.length >= shortestInBase64 ? [part] : [];
  });
  return parts.flatMap(marksOf);
}

function kindOf(pem: string): "pkcs1" | "pkcs8" | "sec1" {
  if (pem.includes("BEGIN RSA PRIVATE KEY")) return "pkcs1";
  return pem.includes("BEGIN EC PRIVATE KEY") ? "sec1" : "pkcs8";
}

/** How bytes look in the base64 of a text they stand somewhere in, by where that is. */
function base64Marks(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((skipped) => {
    const whole = bytes.subarray(skipped, bytes.length - ((bytes.length - skipped) % 3));
    const mark = whole.toString("base64");
    return mark.length >= shortestInBase64 ? [mark] : [];
  });
}
