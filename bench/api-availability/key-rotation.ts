import { randomBytes } from "node:crypto";
import type { Lab } from "../../src/lab/lab.ts";
import { encryptionPath } from "../../src/parts/control-plane/control-plane-layout.ts";
import { type Site, succeeded } from "./site.ts";
import type { Target } from "./ways.ts";
import { askApi, controlPlanes } from "./wellness.ts";

/** How a Secret lay in etcd before and after its key was replaced: "k8s:enc:secretbox:v1:key-1:". */
export interface Rotation {
  readonly before: string;
  readonly after: string;
}

const secretPath = "/api/v1/namespaces/default/secrets/bench-key-rotation";
const prefix = /^k8s:enc:[a-z0-9]+:v1:([^:]+):/;

/**
 * `slipway secrets rotate-key` while clients ask, and what lies in etcd before and after it. Throws where the Secret can be
 * read in etcd, is another one afterwards, or where anything of the old key is left in etcd or on a host.
 */
export async function rotateKey({ lab, folder }: Site, target: Target): Promise<Rotation> {
  const word = randomBytes(12).toString("hex");
  const data = { word: Buffer.from(word).toString("base64") };
  const body = JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name: "bench-key-rotation" }, data });
  const contentType = "application/apply-patch+yaml";
  await askApi(target, {
    method: "PATCH",
    path: `${secretPath}?fieldManager=bench&force=true`,
    body,
    contentType,
  });
  const [before = ""] = await storedSecrets(lab, "default/bench-key-rotation", word);
  const oldKey = prefix.exec(before)?.[1];
  if (oldKey === undefined) throw new Error(`the Secret lies in etcd as ${before}`);
  await succeeded(folder, ["secrets", "rotate-key", "--yes"]);
  const [after = ""] = await storedSecrets(lab, "default/bench-key-rotation", word);
  const newKey = prefix.exec(after)?.[1];
  if (newKey === undefined || newKey === oldKey) throw new Error(`the Secret lies in etcd as ${after}`);
  const left = (await storedSecrets(lab, "", word)).filter((one) => prefix.exec(one)?.[1] !== newKey);
  if (left.length > 0) throw new Error(`Secrets lie in etcd as ${left.join(", ")}`);
  for (const name of controlPlanes) {
    const { stdout } = await lab.exec(name, ["cat", encryptionPath]);
    if (stdout.includes(`name: ${oldKey}\n`) || !stdout.includes(`name: ${newKey}\n`))
      throw new Error(`${name} has not exactly the new key`);
  }
  const now = (await askApi(target, { method: "GET", path: secretPath })) as { readonly data: typeof data };
  if (now.data.word !== data.word) throw new Error("the Secret is another one now");
  return { before, after };
}

/** The beginnings of Secrets as etcd has them. `word` must be in none of them. */
async function storedSecrets(lab: Lab, below: string, word: string): Promise<readonly string[]> {
  const pki = "/etc/etcd/pki";
  const credentials = `--cacert ${pki}/ca.crt --cert ${pki}/client.crt --key ${pki}/client.key`;
  const get = `etcdctl --endpoints https://127.0.0.1:2379 ${credentials} get /registry/secrets/${below} --prefix -w json`;
  const { stdout } = await lab.exec("cp-1", ["sh", "-c", get]);
  const { kvs } = JSON.parse(stdout) as { readonly kvs: readonly { readonly value: string }[] };
  const values = kvs.map(({ value }) => Buffer.from(value, "base64").toString("latin1"));
  if (values.some((value) => value.includes(word))) throw new Error("a Secret can be read in etcd");
  return values.map((value) => prefix.exec(value)?.[0] ?? "no prefix of encryption");
}
