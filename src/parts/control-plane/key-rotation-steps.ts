import type { Change, ClusterStep, LockName, Look, Step, StepId } from "../../engine/step.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { controlPlaneHosts } from "../../spec/hosts-by-role.ts";
import { type EncryptionKey, nextEncryptionKey, writeEncryptionKeys } from "./encryption-keys.ts";
import { encryptionLoadStep } from "./encryption-load-step.ts";
import { encryptionRewriteStep, keyPrefix, valuesToRewrite } from "./encryption-rewrite-step.ts";
import {
  encryptsWithNew,
  type KeyRotation,
  keyRotationName,
  noteKeyRotation,
  readKeyRotation,
} from "./key-rotation.ts";

/** Held while keys are changed or loaded. */
const encryptionLock = "encryption-keys" as LockName;

const makeId = "secrets.key" as StepId;
const firstId = "secrets.first" as StepId;
const rewriteId = "secrets.rewrite" as StepId;
const dropId = "secrets.drop" as StepId;
const endId = "secrets.end" as StepId;

/**
 * The order is what makes it safe while several API servers run: none ever writes with a key another one cannot read with.
 * https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/#rotating-a-decryption-key (2026-11-21)
 */
export function keyRotationSteps(spec: ClusterSpec): readonly Step[] {
  const { encryption } = spec.kubernetes.apiServer;
  if (encryption.provider === "none" || encryption.provider === "kms") throw nothingToRotate(encryption.provider);
  const wildcard = encryption.resources.find((resource) => resource.includes("*"));
  if (wildcard !== undefined) throw wildcardResource(wildcard);
  const { provider } = encryption;
  const hosts = controlPlaneHosts(spec);
  const loads = (round: string, after: StepId) =>
    hosts.map((host) => encryptionLoadStep(spec, host, loadId(round, host.name), [after]));
  const loaded = (round: string) => hosts.map((host) => loadId(round, host.name));
  return [
    rotationStep({
      id: makeId,
      title: "Make a new encryption key",
      after: [],
      change: "create",
      next({ keys, to = nextEncryptionKey(keys, provider).name, isNoted }) {
        if (keys.some((key) => key.name === to)) return isNoted ? undefined : { keys, to };
        return { keys: [...keys, { ...nextEncryptionKey(keys, provider), name: to }], to };
      },
      because: ({ to }) => `${to} is the new one`,
    }),
    ...loads("new", makeId),
    rotationStep({
      id: firstId,
      title: "Encrypt with the new key",
      after: loaded("new"),
      change: "update",
      next({ keys, to }) {
        const [key] = keys.filter((one) => one.name === to);
        return key === undefined || keys[0] === key
          ? undefined
          : { keys: [key, ...keys.filter((one) => one !== key)], to };
      },
      because: ({ to }) => `${to} encrypts`,
      until: (rotation) => (isMade(rotation) ? undefined : makeId),
    }),
    ...loads("first", firstId),
    encryptionRewriteStep(spec, rewriteId, loaded("first"), firstId),
    rotationStep({
      id: dropId,
      title: "Drop the old encryption key",
      after: [rewriteId],
      change: "delete",
      next: ({ keys, to }) => (keys.length > 1 ? { keys: keys.slice(0, 1), to } : undefined),
      because: () => "there is one key",
      until: (rotation) => (encryptsWithNew(rotation) ? undefined : firstId),
      // Whoever drops a key that is still needed loses what it encrypts.
      async require(look, keys) {
        const left = await valuesToRewrite(look, spec, keys);
        if (left.length > 0) throw stillNeeded(left[0]?.key ?? "", left.length, keyPrefix(keys[0]));
      },
    }),
    ...loads("last", dropId),
    rotationStep({
      id: endId,
      title: "Note that the rotation has ended",
      after: loaded("last"),
      change: "update",
      next: ({ keys, isNoted }) => (isNoted ? { keys, to: undefined } : undefined),
      because: ({ keys }) => `${keys[0]?.name} is the only key`,
      until: (rotation) => (encryptsWithNew(rotation) && rotation.keys.length === 1 ? undefined : dropId),
    }),
  ];
}

function loadId(round: string, host: string): StepId {
  return `secrets.load-${round}/${host}` as StepId;
}

function isMade({ keys, to }: KeyRotation): boolean {
  return keys.some((key) => key.name === to);
}

interface NextRotation {
  readonly keys: readonly EncryptionKey[];
  /** Undefined when none is under way any more. */
  readonly to: string | undefined;
}

interface RotationChange {
  readonly id: StepId;
  readonly title: string;
  readonly after: readonly StepId[];
  readonly change: "create" | "update" | "delete";
  /** The rotation as it is to be; undefined when it is. */
  next(rotation: KeyRotation): NextRotation | undefined;
  because(rotation: KeyRotation): string;
  /** The step after which it can be said; undefined when it can be. */
  until?(rotation: KeyRotation): StepId | undefined;
  /** Throws where it would be unsafe. */
  require?(look: Look, keys: readonly EncryptionKey[]): Promise<void>;
}

function rotationStep(declared: RotationChange): ClusterStep<NextRotation> {
  return {
    id: declared.id,
    title: declared.title,
    phase: "encryption",
    on: "cluster",
    after: declared.after,
    locks: [encryptionLock],
    impact: "none",
    async check(look) {
      const rotation = await readKeyRotation(look);
      if (rotation.keys.length === 0) throw noKey();
      const until = declared.until?.(rotation);
      if (until !== undefined) return { state: "unknown", until, because: "the new key is not that far yet" };
      const next = declared.next(rotation);
      if (next === undefined) return { state: "satisfied", because: declared.because(rotation) };
      return { state: "needed", found: next, changes: [changeOf(declared.change, rotation, next)] };
    },
    async apply(act, next) {
      const { keys, to } = await readKeyRotation(act);
      await declared.require?.(act, keys);
      // The note comes first and goes last: killed in between, the same rotation goes on.
      if (next.to !== undefined) await noteKeyRotation(act.vault, next.to);
      if (names(next.keys) !== names(keys)) await writeEncryptionKeys(act.vault, next.keys);
      if (next.to === undefined && to !== undefined) await act.vault.remove(keyRotationName);
    },
    verify: [
      {
        title: `"${declared.title}" to be in the vault`,
        everyMs: 1000,
        withinMs: 10_000,
        async holds(look) {
          const next = declared.next(await readKeyRotation(look));
          return next === undefined ? { state: "met" } : { state: "not-yet", because: "the vault has it otherwise" };
        },
      },
    ],
  };
}

function changeOf(verb: Change["verb"], rotation: KeyRotation, next: NextRotation): Change {
  if (next.to === undefined)
    return { verb, what: "note in the vault of the rotation", from: rotation.to ?? "", to: "ended" };
  if (names(rotation.keys) === names(next.keys))
    return { verb, what: "note in the vault of the rotation", to: next.to };
  return { verb, what: "encryption keys", from: names(rotation.keys), to: names(next.keys) };
}

function names(keys: readonly EncryptionKey[]): string {
  return keys.map((key) => key.name).join(", ");
}

function nothingToRotate(provider: string): ProblemError {
  return new ProblemError({
    code: "kubernetes/no-encryption-key",
    severity: "error",
    message: "there is no encryption key to rotate",
    because:
      provider === "kms"
        ? "kubernetes.apiServer.encryption.provider is kms: the key is the KMS plugin's"
        : "kubernetes.apiServer.encryption.provider is none",
  });
}

function noKey(): ProblemError {
  return new ProblemError({
    code: "kubernetes/no-encryption-key",
    severity: "error",
    message: "there is no encryption key to rotate",
    because: "the state folder has none: there is no cluster yet, or it is another folder's",
    hint: { text: "make the cluster first", command: "slipway apply" },
  });
}

function wildcardResource(resource: string): ProblemError {
  return new ProblemError({
    code: "kubernetes/wildcard-not-rotated",
    severity: "error",
    message: `what ${resource} stands for cannot be written anew`,
    because: "rotation needs the resources in kubernetes.apiServer.encryption.resources by name",
    hint: { text: "name them, like secrets and configmaps" },
  });
}

function stillNeeded(key: string, count: number, prefix: string): ProblemError {
  return new ProblemError({
    code: "kubernetes/encryption-key-needed",
    severity: "error",
    message: "the old encryption key cannot be dropped",
    because: `${count} values in etcd do not begin with ${prefix}, ${key} among them`,
    hint: { text: "run it again: it goes on where it was left", command: "slipway secrets rotate-key" },
  });
}
