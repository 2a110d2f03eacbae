import { expect, test } from "vitest";
import { madeOnce } from "./made-once.ts";

test("what is asked for at the same time and later is made once", async () => {
  let count = 0;
  const get = madeOnce(async () => ++count);
  expect(await Promise.all([get(), get()])).toEqual([1, 1]);
  expect(await get()).toBe(1);
});

test("what could not be made is tried again at the next time", async () => {
  let count = 0;
  const get = madeOnce(async () => {
    if (++count === 1) throw new Error("no space left");
    return count;
  });
  const both = await Promise.allSettled([get(), get()]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await get()).toBe(2);
  expect(count).toBe(2);
});
