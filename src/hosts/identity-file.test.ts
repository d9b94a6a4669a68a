import { beforeEach, expect, test, vi } from "vitest";
import { missingIdentity } from "./identity-file.ts";

const os = vi.hoisted(() => ({ homedir: "/nowhere" as string | undefined }));
vi.mock("node:os", async (original) => ({
  ...(await original<typeof import("node:os")>()),
  userInfo: () => {
    if (os.homedir !== undefined) return { homedir: os.homedir };
    throw Object.assign(new Error("A system error occurred: uv_os_get_passwd returned ENOENT"), {
      code: "ERR_SYSTEM_ERROR",
    });
  },
}));
beforeEach(() => {
  os.homedir = "/nowhere";
});

const target = { host: "10.0.0.1", sudo: "none" } as const;

test("a key that is not there is named as it is in the cluster file", () => {
  expect(missingIdentity("cp-1", { ...target, identityFile: "~/.ssh/key" })).toMatchObject({
    code: "ssh/identity-missing",
    message: "cp-1: the key to log in with is not there",
    because: "ssh.identityFile is ~/.ssh/key, and there is no such file",
  });
});

test("a user without a home, as in a container with a number for a user, is told as such", () => {
  os.homedir = undefined;
  expect(missingIdentity("cp-1", { ...target, identityFile: "~/.ssh/key" })).toMatchObject({
    message: "cp-1: the key to log in with cannot be read",
    because: expect.stringContaining("uv_os_get_passwd returned ENOENT"),
  });
});

test("a key that is there, and none at all, are no problem", () => {
  expect(missingIdentity("cp-1", { ...target, identityFile: import.meta.filename })).toBe(undefined);
  expect(missingIdentity("cp-1", target)).toBe(undefined);
});
