import { expect, test } from "vitest";
import { heldMessages } from "./held-messages.ts";

test("payloads come as they were written, whatever is in them", () => {
  const payloads = [
    '{"n":9007199254740993,"offset":7,"a":[1e400]}',
    String.raw`"]}\",\u0061"`,
    "null",
    "[".repeat(1000) + "]".repeat(1000),
  ];
  const rows = payloads.map(
    (payload, index) => `{"offset":${index + 1},"id":"m\\u0041","payload":${payload},"ts":"2026-01-01T00:00:00.000Z"}`,
  );
  const { epoch, messages } = heldMessages(`{"topic":"messages","epoch":"abc","messages":[${rows.join()}]}`);
  expect(epoch).toBe("abc");
  expect(messages.map(({ payload }) => payload)).toEqual(payloads);
  expect(messages.map(({ offset }) => offset)).toEqual([1, 2, 3, 4]);
  expect(messages[0]).toMatchObject({ epoch: "abc", id: "mA", ts: "2026-01-01T00:00:00.000Z" });
});

test("a topic may hold nothing", () => {
  expect(heldMessages('{"topic":"a","epoch":"abc","messages":[]}')).toEqual({ epoch: "abc", messages: [] });
});
