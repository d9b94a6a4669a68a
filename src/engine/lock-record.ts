/** A process that may hold a cluster lock. Told apart by boot, process namespace, pid and start time. */
export interface LockOwner {
  /** For people: "ann@laptop". */
  readonly name: string;
  readonly pid: number;
  /** The kernel's boot id: two processes with the same one run on the same computer since the same start. */
  readonly bootId: string;
  /** Process namespace: a pid means nothing outside its container. */
  readonly pidNamespace: string;
  /** When the process started, in the kernel's ticks since boot: a pid may be used again. */
  readonly startTicks: string;
}

/** What the lock on a host says. */
export interface LockRecord {
  readonly format: "slipway.dev/lock/v1";
  readonly cluster: string;
  readonly run: string;
  readonly owner: LockOwner;
  /** ISO 8601, by the host's clock. */
  readonly since: string;
  /** ISO 8601, by the host's clock. Past this the lock may be taken over. */
  readonly until: string;
}

/** Undefined when the text is not a lock of ours. */
export function parseLockRecord(text: string): LockRecord | undefined {
  const value = parseJson(text);
  return isLockRecord(value) ? value : undefined;
}

/** Undefined when the text is not an owner. */
export function parseLockOwner(text: string): LockOwner | undefined {
  const value = parseJson(text);
  return isOwner(value) ? value : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isLockRecord(value: unknown): value is LockRecord {
  if (typeof value !== "object" || value === null) return false;
  const { format, cluster, run, owner, since, until } = value as Record<string, unknown>;
  const texts = [cluster, run, since, until].every((one) => typeof one === "string");
  return format === "slipway.dev/lock/v1" && texts && isOwner(owner) && !Number.isNaN(Date.parse(String(until)));
}

function isOwner(value: unknown): value is LockOwner {
  if (typeof value !== "object" || value === null) return false;
  const { name, pid, bootId, pidNamespace, startTicks } = value as Record<string, unknown>;
  return typeof pid === "number" && [name, bootId, pidNamespace, startTicks].every((one) => typeof one === "string");
}
