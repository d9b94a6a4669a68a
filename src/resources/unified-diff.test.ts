import { describe, expect, test } from "vitest";
import { unifiedDiff } from "./unified-diff.ts";

describe("a diff against a file somebody else wrote", () => {
  test("hides lines that may hold a secret", () => {
    const before = "//nas/share /mnt cifs username=ann,password=hunter2 0 0\n/dev/sda2 none swap sw 0 0\n";
    const diff = unifiedDiff(before, before.replace("/dev/sda2", "# /dev/sda2"));
    expect(diff).not.toContain("hunter2");
    expect(diff).toContain("-/dev/sda2 none swap sw 0 0");
    expect(unifiedDiff("stats auth admin:hunter2\n", "stats enable\n")).not.toContain("hunter2");
  });

  test("shows what Slipway writes", () => {
    expect(unifiedDiff("a\n", "auth_type PASS\n")).toContain("+auth_type PASS");
  });
});
