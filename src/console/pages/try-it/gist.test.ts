import { expect, test } from "vitest";
import { Frame } from "./frame.ts";
import { gist } from "./gist.ts";

test.each([
  [
    '{"type":"event","topic":"a","message":{"id":"m","payload":12345678901234567890},"offset":1}',
    "12345678901234567890",
  ],
  ['{"type":"publish","topic":"a"}', '{"type":"publish","topic":"a"}'],
  ['{"type":"ack","request_id":"r1","topic":"a","status":"ok","offset":3,"ts":"now"}', "offset 3, request_id r1"],
  ['{"type":"error","error":{"code":"BAD_REQUEST","message":"no"}}', "no"],
  ['{"type":"subscribe","topic":"a","since":{"epoch":"e","offset":1}}', 'since {"epoch":"e","offset":1}'],
  ["no JSON", "no JSON"],
  ['{"type":"mine","x":1}', '{"type":"mine","x":1}'],
])("the line of %s says %s", (text, words) => expect(gist(new Frame(1, 0, "sent", text))).toBe(words));

test("a line is short, however long its frame is", () => {
  const text = JSON.stringify({ type: "event", message: { payload: "x".repeat(50_000) } });
  expect(gist(new Frame(1, 0, "received", text))).toHaveLength(300);
});
