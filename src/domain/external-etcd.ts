import { kubernetesMinor } from "./kubernetes-minor.ts";

/**
 * The oldest external etcd kubeadm takes, by minor version of Kubernetes 1: `MinExternalEtcdVersion` of
 * cmd/kubeadm/app/constants/constants.go at v1.36.2 (2026-11-21). Those of older versions are not known here.
 */
const oldestByMinor: readonly (readonly [fromMinor: number, etcd: string])[] = [[36, "3.5.24"]];

/** The oldest external etcd ("3.5.24") kubeadm takes for a version of Kubernetes ("1.36.2"); undefined where not known. */
export function oldestExternalEtcd(kubernetesVersion: string): string | undefined {
  const minor = kubernetesMinor(kubernetesVersion);
  return oldestByMinor.findLast(([from]) => minor >= from)?.[1];
}

/** Whether a version ("3.4.23", also with a distribution's suffix) comes before another. Undefined where one is no version. */
export function isOlderEtcd(version: string, than: string): boolean | undefined {
  const [one, other] = [numbersOf(version), numbersOf(than)];
  if (one === undefined || other === undefined) return undefined;
  const at = one.findIndex((number, index) => number !== other[index]);
  return at >= 0 && (one[at] ?? 0) < (other[at] ?? 0);
}

/** The numbers of "3.4.23", "v3.5.30" or Debian's "1:3.4.23+dfsg-4"; undefined for other text. */
function numbersOf(text: string): readonly number[] | undefined {
  const found = /^(?:\d+:)?v?(\d+)\.(\d+)\.(\d+)(?!\d)/.exec(text);
  return found === null ? undefined : found.slice(1).map(Number);
}
