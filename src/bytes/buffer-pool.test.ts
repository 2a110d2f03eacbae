import { expect, test } from "vitest";
import { BufferPool } from "./buffer-pool.ts";

const KIB = 1024;

test("a large buffer that was given back is taken again, for its size and up to a fifth less", () => {
  const pool = new BufferPool();
  const buffer = pool.take(500 * KIB);
  pool.give(buffer);
  expect(pool.take(510 * KIB)).not.toBe(buffer);
  expect(pool.take(399 * KIB)).not.toBe(buffer);
  expect(pool.take(400 * KIB)).toBe(buffer);
  expect(pool.take(400 * KIB)).not.toBe(buffer);
});

test("small buffers are left to the collector", () => {
  const pool = new BufferPool();
  const buffer = pool.take(10 * KIB);
  pool.give(buffer);
  expect(pool.take(10 * KIB)).not.toBe(buffer);
});

test("no more than 8 MiB are kept", () => {
  const pool = new BufferPool();
  const given = new Set(Array.from({ length: 20 }, () => pool.take(1024 * KIB)));
  for (const buffer of given) pool.give(buffer);
  const taken = Array.from({ length: 20 }, () => pool.take(1024 * KIB));
  expect(taken.filter((buffer) => given.has(buffer)).length).toBe(8);
});
