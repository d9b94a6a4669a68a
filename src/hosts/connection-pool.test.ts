import { expect, test } from "vitest";
import { ConnectionPool, type PoolMember } from "./connection-pool.ts";

function member(name: string, closed: string[]): PoolMember {
  return {
    closeIdle: () => {
      closed.push(name);
      return Promise.resolve();
    },
  };
}

test("closes the connection that has been idle longest when another host needs one", async () => {
  const closed: string[] = [];
  const pool = new ConnectionPool(2);
  const [a, b, c] = [member("a", closed), member("b", closed), member("c", closed)];
  await pool.claim(a);
  await pool.claim(b);
  pool.idle(a);
  pool.idle(b);
  await pool.claim(a);
  pool.idle(a);
  await pool.claim(c);
  expect(closed).toEqual(["b"]);
});

test("waits when all connections are busy, and serves in order", async () => {
  const closed: string[] = [];
  const pool = new ConnectionPool(1);
  const [a, b, c] = [member("a", closed), member("b", closed), member("c", closed)];
  const served: string[] = [];
  await pool.claim(a);
  const b1 = pool.claim(b).then(() => served.push("b"));
  const c1 = pool.claim(c).then(() => served.push("c"));
  expect(served).toEqual([]);
  pool.gone(a);
  await b1;
  pool.idle(b);
  await c1;
  expect(served).toEqual(["b", "c"]);
  expect(closed).toEqual(["b"]);
});

test("a member that is being closed for another waits for a place of its own again", async () => {
  const closed: string[] = [];
  const pool = new ConnectionPool(1);
  let finish: () => void = () => undefined;
  const a: PoolMember = {
    closeIdle: () => {
      closed.push("a");
      return new Promise((resolve) => {
        finish = resolve;
      });
    },
  };
  const b = member("b", closed);
  await pool.claim(a);
  pool.idle(a);
  const forB = pool.claim(b);
  while (closed.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const again = pool.claim(a);
  finish();
  await forB;
  pool.idle(b);
  await again;
  expect(closed).toEqual(["a", "b"]);
});
