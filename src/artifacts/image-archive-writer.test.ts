import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { writePieces } from "./image-archive-writer.ts";

test.skipIf(!existsSync("/dev/full"))(
  "a disk that is full is told, also while the next piece is waited for",
  async () => {
    async function* slow(): AsyncGenerator<Buffer> {
      yield Buffer.alloc(10);
      await pause(50);
      yield Buffer.alloc(10);
    }
    await expect(writePieces("/dev/full", slow())).rejects.toMatchObject({ code: "ENOSPC" });
  },
);
