import { expect, test } from "vitest";
import { TextCounter } from "./text-counter.ts";

const BYTES = Buffer.from('{"type":"ack"}{"type":"ack"}"type":"ac"type":"ack"');

test("counts the same wherever the bytes are cut in three", () => {
  for (let first = 0; first <= BYTES.length; first++) {
    for (let second = first; second <= BYTES.length; second++) {
      const counter = new TextCounter('"type":"ack"');
      for (const chunk of [BYTES.subarray(0, first), BYTES.subarray(first, second), BYTES.subarray(second)]) {
        counter.scan(chunk);
      }
      expect(counter.count).toBe(3);
    }
  }
});

test("counts a text of two bytes that arrive one by one", () => {
  const counter = new TextCounter("\r\n");
  for (const byte of ":1\r\n:1\r\n") counter.scan(Buffer.from(byte));
  expect(counter.count).toBe(2);
});
