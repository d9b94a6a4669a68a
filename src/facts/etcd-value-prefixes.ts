import type { Read } from "../hosts/port.ts";
import { curlBody, curlCredentials } from "./curl-body.ts";
import type { Fact } from "./fact.ts";
import { commandOf, notUnderstood } from "./not-understood.ts";

/** A key in etcd and how its value begins. */
export interface EtcdValue {
  /** "/registry/secrets/kube-system/token". */
  readonly key: string;
  /** The first bytes of the value, as Latin-1 text: "k8s:enc:secretbox:v1:key-1:". */
  readonly beginning: string;
}

/** One page of values; `next` is where the following one starts, absent at the end. */
export interface EtcdValues {
  readonly values: readonly EtcdValue[];
  readonly next?: string;
  /** The middle of the answer was not kept, so values may be missing: to be asked again one by one. */
  readonly truncated: boolean;
}

/** How etcd is reached from a host: a client URL and files on that host. */
export interface EtcdAccess {
  readonly url: string;
  readonly authorityPath: string;
  readonly certificatePath: string;
  readonly keyPath: string;
}

/** Bytes at the beginning of a value that say how it is encrypted. */
const beginningLetters = 96;

/**
 * Values in etcd below a prefix, as they lie there, by its JSON gateway: no etcdctl is needed. Only their beginnings are
 * kept. With a limit of 1 a value may have any length. https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/ (2026-11-21)
 */
export function etcdValuePrefixes(access: EtcdAccess, from: string, end: string, limit: number): Fact<EtcdValues> {
  const base64 = (text: string) => Buffer.from(text, "latin1").toString("base64");
  const body = JSON.stringify({ key: base64(from), range_end: base64(end), limit });
  const argv = curlBody(`${access.url}/v3/kv/range`, 20, [...curlCredentials(access), "--data", "@-"]);
  const read: Read = { kind: "run", argv, stdin: body };
  return {
    name: `etcd-values ${from}`,
    reads: [read],
    parse([answer]) {
      const result = commandOf("etcd-values", "the JSON gateway of etcd", answer);
      if (result.exitCode !== 0)
        throw notUnderstood("etcd-values", "the JSON gateway of etcd", answer, "it is no answer");
      const text = result.stdout.toString("latin1");
      const pattern =
        /"key":"([A-Za-z0-9+/=]+)"(?:,"(?:create_revision|mod_revision|version|lease)":"\d+")*,"value":"([A-Za-z0-9+/=]*)/g;
      const values = [...text.matchAll(pattern)].map(([, key = "", value = ""]) => ({
        key: Buffer.from(key, "base64").toString("utf8"),
        beginning: Buffer.from(value.slice(0, beginningLetters), "base64").toString("latin1"),
      }));
      const last = values.at(-1)?.key;
      // The key after the last one: the same with a zero byte behind it.
      const next = text.includes('"more":true') && last !== undefined ? { next: `${last}\0` } : {};
      return { values, truncated: result.truncated && limit > 1, ...next };
    },
  };
}
