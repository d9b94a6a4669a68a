import type { HostName } from "../../hosts/port.ts";
import { Secret } from "../../hosts/secret.ts";
import type { Hint, Problem } from "../../problems/problem.ts";
import type { KubeReply, KubeRequest } from "./kube-access.ts";

/** What an API server says when it refuses, in the fields of its Status object. */
export interface Refusal {
  readonly status: number;
  /** "Forbidden", "Conflict", "NotFound", ...; "" where it gives none. */
  readonly reason: string;
  readonly message: string;
}

/** The refusal in a reply. A reply below 400 has none. */
export function refusalOf(reply: KubeReply): Refusal | undefined {
  if (reply.status < 400) return undefined;
  const { reason, message } = (typeof reply.body === "object" && reply.body !== null ? reply.body : {}) as {
    readonly reason?: unknown;
    readonly message?: unknown;
  };
  return {
    status: reply.status,
    reason: typeof reason === "string" ? reason : "",
    message: typeof message === "string" ? message : typeof reply.body === "string" ? reply.body.trim() : "",
  };
}

/**
 * What was asked, and what the API server says about it: `kubernetes/api-refused`, or `kubernetes/api-unable` where it could
 * not carry that out (`isUnable`).
 */
export function apiRefused(host: HostName, request: KubeRequest, refusal: Refusal): Problem {
  const refused = refusedBy(host, request, refusal);
  if (!isUnable(refusal)) return refused;
  return {
    ...refused,
    code: "kubernetes/api-unable",
    message: `no API server could carry out ${request.method} ${withoutQuery(request.path)}`,
    hint: refused.hint ?? {
      text: "Run the same command again: an API server that is starting, has too much to do, or has lost its etcd answers so",
      command: "slipway status",
    },
  };
}

function refusedBy(host: HostName, request: KubeRequest, refusal: Refusal): Problem {
  const { status, reason, message } = refusal;
  // The message may quote what was sent.
  const said = request.body instanceof Secret ? "" : message.slice(0, longestMessage);
  return {
    code: "kubernetes/api-refused",
    severity: "error",
    message: `the API server refused ${request.method} ${withoutQuery(request.path)}`,
    because: [[status, reason].filter((one) => one !== "").join(" "), said].filter((one) => one !== "").join(": "),
    ...(status === 401
      ? {
          hint: {
            text: "Slipway's client certificate is not of this cluster's authority, or has expired: apply renews it",
            command: "slipway apply --through control-plane",
          },
        }
      : {}),
    where: { host },
  };
}

/**
 * Statuses that say something of the API server that answers and nothing of what it was asked: it does not know who asks
 * (another may: certificates and keys are files of its host), has too much to do, or has no etcd.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/ (2026-11-21)
 */
const unableStatuses: ReadonlySet<number> = new Set([401, 429, 500, 502, 503, 504]);

/**
 * Who may do everything, may do nothing in the seconds in which a new cluster's first API server makes the roles:
 * `rbac/bootstrap-roles` of pkg/registry/rbac/rest/storage_rbac.go of Kubernetes 1.36.
 */
const withoutRoles = /RBAC: clusterrole\.rbac\.authorization\.k8s\.io "cluster-admin" not found/;

/** Whether an API server could not carry a request out, which another or a later one may. */
export function isUnable(reply: KubeReply | Refusal): boolean {
  if (unableStatuses.has(reply.status)) return true;
  const message = "message" in reply ? reply.message : refusalOf(reply)?.message;
  return reply.status === 403 && message !== undefined && withoutRoles.test(message);
}

/** Where an API server says what keeps it; kubelet writes it there with or without crictl. */
export function apiServerLogHint(host: string): Hint {
  const command = "tail -n 20 /var/log/pods/kube-system_kube-apiserver-*/kube-apiserver/*.log";
  return { text: `see its log, as root on ${host}; what it was started with comes from the cluster file`, command };
}

/** `kubernetes/api-silent`: no API server of the cluster answers. */
export function apiSilent(because: string): Problem {
  return {
    code: "kubernetes/api-silent",
    severity: "error",
    message: "no API server of the cluster answers",
    because,
    hint: apiServerLogHint("a control plane host"),
  };
}

/** `kubernetes/reply-too-long`: one reply alone is longer than what is kept of a command's output. */
export function replyTooLong(host: HostName, request: KubeRequest): Problem {
  return {
    code: "kubernetes/reply-too-long",
    severity: "error",
    message: `the reply to ${request.method} ${withoutQuery(request.path)} is too long to be read`,
    because: "it is longer than the 1 MiB that is kept of a command's output",
    where: { host },
  };
}

const longestMessage = 2_000;

function withoutQuery(path: string): string {
  return path.split("?")[0] ?? path;
}
