import type { KubeRequest } from "../../cluster/kube/kube-access.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { type ObjectReference, objectPath, referenceOf } from "../../cluster/kube/object-path.ts";
import { bodyOf } from "./comparable-object.ts";

/** Slipway's name as an owner of fields. */
const fieldManager = "slipway";

/**
 * Server-side apply. Fields Slipway declared before and does not any more are removed; those of others stay, unless
 * Slipway declares them too. A field that does not exist is refused.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/ (2026-11-21)
 */
export function applyRequest(object: KubeObject, how: "for-real" | "dry-run"): KubeRequest {
  const dry = how === "dry-run" ? "&dryRun=All" : "";
  return {
    method: "PATCH",
    path: `${objectPath(referenceOf(object))}?fieldManager=${fieldManager}&force=true&fieldValidation=Strict${dry}`,
    body: bodyOf(object),
    contentType: "application/apply-patch+yaml",
    ...(how === "dry-run" ? {} : { reply: "metadata" as const }),
  };
}

/** Deletes exactly the object that was seen: one made anew under its name since then is left alone. */
export function deleteRequest(object: ObjectReference, uid: string): KubeRequest {
  const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background", preconditions: { uid } };
  return { method: "DELETE", path: objectPath(object), body: JSON.stringify(body), reply: "metadata" };
}
