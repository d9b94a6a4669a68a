import { describe, expect, test } from "vitest";
import { quantityHint } from "./quantity-hint.ts";
import { valueKinds } from "./schema/value-kinds.ts";

const quota = (name: string) => ["spec", "namespaces", 0, "quota", name];

describe("the hint for a quantity", () => {
  test.each([
    ["memory", "4GB", "write 4Gi (powers of 1024) or 4G (powers of 1000)"],
    ["requests.memory", "1.5 gb", "write 1.5Gi (powers of 1024) or 1.5G (powers of 1000)"],
    ["requests.storage", "2TB", "write 2Ti (powers of 1024) or 2T (powers of 1000)"],
    ["limits.ephemeral-storage", "100kb", "write 100Ki (powers of 1024) or 100k (powers of 1000)"],
    ["memory", "512GiB", "write 512Gi"],
    ["memory", "512mi", "write 512Mi"],
    ["memory", "plenty", "write it like 4Gi"],
    ["memory", "-4Gi", "write it like 4Gi"],
    ["gold.storageclass.storage.k8s.io/requests.storage", "5GB", "write 5Gi (powers of 1024) or 5G (powers of 1000)"],
    ["cpu", "2GB", "write it like 500m"],
    ["requests.cpu", "two", "write it like 500m"],
  ])("of %s that is %s is: %s", (name, value, hint) => {
    expect(quantityHint(quota(name), value, valueKinds.resourceQuantity)).toBe(hint);
  });

  test("keeps to the units of sizes", () => {
    const path = ["spec", "etcd", "quotaBackendBytes"];
    expect(quantityHint(path, "8GB", valueKinds.quantity)).toBe("write 8Gi");
    expect(quantityHint(path, "much", valueKinds.quantity)).toBe("write it like 8Gi");
  });

  test("is about space only where a threshold is", () => {
    const path = (signal: string) => ["spec", "kubernetes", "kubelet", "evictionHard", signal];
    expect(quantityHint(path("memory.available"), "500MB", valueKinds.evictionThreshold)).toBe(
      "write 500Mi (powers of 1024) or 500M (powers of 1000)",
    );
    expect(quantityHint(path("nodefs.inodesFree"), "5 %", valueKinds.evictionThreshold)).toBe("write it like 10%");
  });

  test("is none for other texts", () => {
    expect(quantityHint(["metadata", "name"], "4GB", valueKinds.clusterName)).toBeUndefined();
  });
});
