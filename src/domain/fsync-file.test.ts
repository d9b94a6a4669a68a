import { expect, test } from "vitest";
import { fsyncFile, fsyncFiles } from "./fsync-file.ts";

test("a measurement's file is looked for in the folder and all above it", () => {
  expect(fsyncFiles("/var/lib/etcd")).toEqual([
    "/var/lib/etcd/.slipway-fsync",
    "/var/lib/.slipway-fsync",
    "/var/.slipway-fsync",
    "/.slipway-fsync",
  ]);
  expect(fsyncFiles("/var/lib")).toContain(fsyncFile("/"));
});
