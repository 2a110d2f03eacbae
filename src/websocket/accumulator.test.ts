import { describe, expect, test } from "vitest";
import { Accumulator } from "./accumulator.ts";

describe("an accumulator", () => {
  test("holds what was appended, in order", () => {
    const accumulator = new Accumulator();
    for (const part of ["he", "", "llo"]) accumulator.append(Buffer.from(`<${part}>`), 1, 1 + part.length, 5);
    expect(accumulator.bytes.toString("latin1", 0, accumulator.length)).toBe("hello");
  });

  test("takes memory as bytes arrive, and never more than was announced", () => {
    const accumulator = new Accumulator();
    const announced = 100_000;
    const chunk = Buffer.alloc(1000);
    accumulator.append(chunk, 0, 1, announced);
    expect(accumulator.bytes.length).toBeLessThan(1024);
    for (let part = 0; part < 99; part++) {
      accumulator.append(chunk, 0, 1000, announced);
      expect(accumulator.bytes.length).toBeLessThanOrEqual(Math.min(2 * accumulator.length, announced) + 1024);
    }
    expect(accumulator.bytes.length).toBeLessThanOrEqual(announced);
  });

  test("moves its bytes only as often as they double", () => {
    const accumulator = new Accumulator();
    const byte = Buffer.from("x");
    const memories = new Set<Buffer>();
    for (let index = 0; index < 65536; index++) {
      accumulator.append(byte, 0, 1, 65536);
      memories.add(accumulator.bytes);
    }
    expect(memories.size).toBe(8);
  });
});
