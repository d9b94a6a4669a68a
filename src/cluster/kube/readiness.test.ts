import { describe, expect, test } from "vitest";
import type { KubeObject } from "./kube-object.ts";
import { podNotReady } from "./readiness.ts";

function pod(status: object): KubeObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "coredns-1", namespace: "kube-system" }, status };
}

describe("why a pod is not ready", () => {
  test("is nothing for one that is", () => {
    expect(podNotReady(pod({ phase: "Running", conditions: [{ type: "Ready", status: "True" }] }))).toBeUndefined();
  });

  test("says of one that runs that it is not ready, too", () => {
    expect(podNotReady(pod({ phase: "Running" }))).toBe("it is Running, not ready");
    const conditions = [{ type: "Ready", status: "False" }];
    const containerStatuses = [{ name: "coredns", ready: true }];
    expect(podNotReady(pod({ phase: "Running", conditions, containerStatuses }))).toBe("it is Running, not ready");
  });

  test("gives the reason of the condition where there is one", () => {
    const conditions = [
      { type: "Ready", status: "False", reason: "ReadinessGatesNotReady", message: "gate/a is False" },
    ];
    expect(podNotReady(pod({ phase: "Running", conditions }))).toBe(
      "it is Running, not ready (ReadinessGatesNotReady: gate/a is False)",
    );
  });

  test("names the containers that are not", () => {
    const containerStatuses = [{ name: "coredns", ready: false }];
    expect(podNotReady(pod({ phase: "Running", containerStatuses }))).toBe("container coredns is not ready");
  });

  test("is the phase of one that does not run yet", () => {
    expect(podNotReady(pod({ phase: "Pending" }))).toBe("it is Pending");
    expect(podNotReady(pod({}))).toBe("it is Pending");
  });
});
