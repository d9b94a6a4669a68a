import { controlPlaneHosts } from "../../cluster/kube/control-planes.ts";
import type { ClusterStep, LockName, Look, Step, StepId } from "../../engine/step.ts";
import { ProblemError } from "../../problems/problem.ts";
import type { ClusterSpec } from "../../spec/cluster-spec.ts";
import { type EncryptionKey, nextEncryptionKey, readEncryptionKeys, writeEncryptionKeys } from "./encryption-keys.ts";
import { encryptionLoadStep } from "./encryption-load-step.ts";
import { encryptionRewriteStep, keyPrefix, valuesToRewrite } from "./encryption-rewrite-step.ts";

/** Held while keys are changed or loaded. */
const encryptionLock = "encryption-keys" as LockName;

const makeId = "secrets.key" as StepId;
const firstId = "secrets.first" as StepId;
const rewriteId = "secrets.rewrite" as StepId;
const dropId = "secrets.drop" as StepId;

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
    vaultStep({
      id: makeId,
      title: "Make a new encryption key",
      after: [],
      change: "create",
      // Two keys are a rotation under way.
      next: (keys) => (keys.length > 1 ? undefined : [...keys, nextEncryptionKey(keys, provider)]),
      because: (keys) => `${newest(keys)?.name} is the new one`,
    }),
    ...loads("new", makeId),
    vaultStep({
      id: firstId,
      title: "Encrypt with the new key",
      after: loaded("new"),
      change: "update",
      next: (keys) => {
        const key = newest(keys);
        return key === undefined || keys[0] === key ? undefined : [key, ...keys.filter((one) => one !== key)];
      },
      because: (keys) => `${keys[0]?.name} encrypts`,
      until: (keys) => (keys.length < 2 ? makeId : undefined),
    }),
    ...loads("first", firstId),
    encryptionRewriteStep(spec, rewriteId, loaded("first"), firstId),
    vaultStep({
      id: dropId,
      title: "Drop the old encryption key",
      after: [rewriteId],
      change: "delete",
      next: (keys) => (keys.length > 1 ? keys.slice(0, 1) : undefined),
      because: () => "there is one key",
      until: (keys) => (keys.length < 2 || newest(keys) !== keys[0] ? firstId : undefined),
      // Whoever drops a key that is still needed loses what it encrypts.
      async require(look, keys) {
        const left = await valuesToRewrite(look, spec, keys);
        if (left.length > 0) throw stillNeeded(left[0]?.key ?? "", left.length, keyPrefix(keys[0]));
      },
    }),
    ...loads("last", dropId),
  ];
}

function loadId(round: string, host: string): StepId {
  return `secrets.load-${round}/${host}` as StepId;
}

function newest(keys: readonly EncryptionKey[]): EncryptionKey | undefined {
  const generation = (key: EncryptionKey) => Number(/^key-(\d+)$/.exec(key.name)?.[1] ?? 0);
  return [...keys].sort((one, other) => generation(other) - generation(one))[0];
}

interface VaultChange {
  readonly id: StepId;
  readonly title: string;
  readonly after: readonly StepId[];
  readonly change: "create" | "update" | "delete";
  /** The keys as they are to be; undefined when they are. */
  next(keys: readonly EncryptionKey[]): readonly EncryptionKey[] | undefined;
  because(keys: readonly EncryptionKey[]): string;
  /** The step after which it can be said; undefined when it can be. */
  until?(keys: readonly EncryptionKey[]): StepId | undefined;
  /** Throws where it would be unsafe. */
  require?(look: Look, keys: readonly EncryptionKey[]): Promise<void>;
}

function vaultStep(declared: VaultChange): ClusterStep<readonly EncryptionKey[]> {
  return {
    id: declared.id,
    title: declared.title,
    phase: "encryption",
    on: "cluster",
    after: declared.after,
    locks: [encryptionLock],
    impact: "none",
    async check(look) {
      const keys = await readEncryptionKeys(look);
      if (keys.length === 0) throw noKey();
      const until = declared.until?.(keys);
      if (until !== undefined) return { state: "unknown", until, because: "the new key is not that far yet" };
      const next = declared.next(keys);
      if (next === undefined) return { state: "satisfied", because: declared.because(keys) };
      const names = (list: readonly EncryptionKey[]) => list.map((key) => key.name).join(", ");
      const change = { verb: declared.change, what: "encryption keys", from: names(keys), to: names(next) };
      return { state: "needed", found: next, changes: [change] };
    },
    async apply(act, next) {
      await declared.require?.(act, await readEncryptionKeys(act));
      await writeEncryptionKeys(act.vault, next);
    },
    verify: [
      {
        title: `"${declared.title}" to be in the vault`,
        everyMs: 1000,
        withinMs: 10_000,
        async holds(look) {
          const next = declared.next(await readEncryptionKeys(look));
          return next === undefined ? { state: "met" } : { state: "not-yet", because: "the vault has it otherwise" };
        },
      },
    ],
  };
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
