import { describe, expect, test } from "vitest";
import { isOlderEtcd, oldestExternalEtcd } from "./external-etcd.ts";

describe("the oldest external etcd", () => {
  test("is kubeadm's, where it is known", () => {
    expect(["1.36.2", "v1.37.0", "1.35.4"].map(oldestExternalEtcd)).toEqual(["3.5.24", "3.5.24", undefined]);
  });

  test.each([
    ["3.4.23+dfsg-4", "3.5.24", true],
    ["3.5.9", "3.5.24", true],
    ["3.5.24", "3.5.24", false],
    ["1:3.6.1-1", "3.5.24", false],
    ["4.0.0", "3.5.24", false],
    ["etcd", "3.5.24", undefined],
  ])("%s before %s: %s", (version, than, older) => {
    expect(isOlderEtcd(version, than)).toBe(older);
  });
});
