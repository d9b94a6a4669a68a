import { expect, test } from "vitest";
import { Turnstile } from "./turnstile.ts";

test("lets no more in than its limit, in order, and counts a place once", async () => {
  const turnstile = new Turnstile(2);
  const inside: string[] = [];
  const enter = async (name: string) => {
    const leave = await turnstile.enter();
    inside.push(name);
    return leave;
  };
  const leaveA = await enter("a");
  await enter("b");
  const c = enter("c");
  const d = enter("d");
  await Promise.resolve();
  expect(inside).toEqual(["a", "b"]);
  leaveA();
  leaveA();
  await c;
  expect(inside).toEqual(["a", "b", "c"]);
  (await c)();
  await d;
  expect(inside).toEqual(["a", "b", "c", "d"]);
});

test("lets in at once only where there is a place", async () => {
  const turnstile = new Turnstile(1);
  const leave = turnstile.tryEnter();
  expect(turnstile.tryEnter()).toBeUndefined();
  leave?.();
  const again = turnstile.tryEnter();
  expect(again).toBeDefined();
  const waiting = turnstile.enter();
  again?.();
  expect(turnstile.tryEnter()).toBeUndefined();
  (await waiting)();
  expect(turnstile.tryEnter()).toBeDefined();
});
