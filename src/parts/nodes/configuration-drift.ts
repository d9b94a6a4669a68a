import { quantityNumber } from "../../domain/quantity.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A field of kubelet's configuration that is not as it is to be. */
export interface FieldDrift {
  /** "evictionHard.memory.available": the names on the way, joined by dots. */
  readonly field: string;
  /** As JSON; absent when the field is not there, or says nothing. */
  readonly found?: string;
  /** Absent when nothing is to be there. */
  readonly wanted?: string;
}

/**
 * kubeadm writes these itself; the others it adds are zero, which kubelet reads as its default. The CRI socket comes from
 * instance-config.yaml.
 */
const ofKubeadm: ReadonlySet<string> = new Set(["containerRuntimeEndpoint"]);

/** Fields whose default is not zero: left out, they are the opposite of false. */
const trueUnlessSet: ReadonlySet<string> = new Set([
  "authentication.anonymous.enabled",
  "failCgroupV1",
  "serializeImagePulls",
]);

/**
 * Where a kubelet's configuration differs from what it is to be. kubeadm writes every field it knows, most of them as zero;
 * a zero is the same as an absent field unless the field's default is another one.
 */
export function configurationDrift(found: unknown, wanted: Fields): readonly FieldDrift[] {
  return compareFields(isFields(found) ? found : {}, wanted, []);
}

function compareFields(found: Fields, wanted: Fields, path: readonly string[]): readonly FieldDrift[] {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(found)])].sort();
  return names.flatMap((name) => compareField(found[name], wanted[name], [...path, name]));
}

function compareField(found: unknown, wanted: unknown, path: readonly string[]): readonly FieldDrift[] {
  const field = path.join(".");
  if (ofKubeadm.has(field) && wanted === undefined) return [];
  if (isFields(found) || isFields(wanted)) {
    const [one, other] = [isFields(found) ? found : {}, isFields(wanted) ? wanted : {}];
    if ((found === undefined || isFields(found)) && (wanted === undefined || isFields(wanted)))
      return compareFields(one, other, path);
  }
  if (JSON.stringify(found) === JSON.stringify(wanted) || isSameAmount(found, wanted)) return [];
  if (isZero(found) && isZero(wanted) && !(trueUnlessSet.has(field) && wanted === false)) return [];
  return [
    {
      field,
      ...(found === undefined ? {} : { found: JSON.stringify(found) }),
      ...(wanted === undefined ? {} : { wanted: JSON.stringify(wanted) }),
    },
  ];
}

/** kubeadm writes a duration of "90s" as "1m30s", and an amount of "1024Mi" as "1Gi". */
function isSameAmount(found: unknown, wanted: unknown): boolean {
  if (typeof found !== "string" || typeof wanted !== "string") return false;
  const [one, other] = [durationSeconds(found), durationSeconds(wanted)];
  if (one !== undefined || other !== undefined) return one === other;
  const amount = quantityNumber(found);
  return amount !== undefined && amount === quantityNumber(wanted);
}

const secondsOf: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 1e-3 };

/** A duration as Go writes it: "1h30m0s", "500ms". Undefined for other text; "10m" alone is taken for one too. */
function durationSeconds(text: string): number | undefined {
  if (!/^(?:[0-9]+(?:\.[0-9]+)?(?:h|ms|m|s))+$/.test(text)) return undefined;
  const parts = text.matchAll(/([0-9]+(?:\.[0-9]+)?)(h|ms|m|s)/g);
  return [...parts].reduce((sum, [, number = "0", unit = "s"]) => sum + Number(number) * (secondsOf[unit] ?? 0), 0);
}

/** What Go's encoding makes of a field that nobody set. */
function isZero(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === "" ||
    value === 0 ||
    value === "0" ||
    value === "0s" ||
    value === false ||
    (Array.isArray(value) && value.length === 0)
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
