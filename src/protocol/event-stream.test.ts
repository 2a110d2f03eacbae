import { describe, expect, test } from "vitest";
import { encodePosition, encodeRetry, encodeStreamEvent, joinPositions, parsePositions } from "./event-stream.ts";

describe("an event of a stream", () => {
  test("has its data on one line, after its id and its name", () => {
    expect(encodeStreamEvent('{"a":1}', undefined, "e.1")).toBe('id: e.1\ndata: {"a":1}\n\n');
    expect(encodeStreamEvent("{}", "gap", undefined)).toBe("event: gap\ndata: {}\n\n");
  });

  test("keeps line breaks in its data, each as the one that a stream knows", () => {
    expect(encodeStreamEvent('{"a":\n1,\r\n"b":\r2}', undefined, undefined)).toBe(
      'data: {"a":\ndata: 1,\ndata: "b":\ndata: 2}\n\n',
    );
  });
});

test("the time to retry is a line of the block that the next event ends", () => {
  expect(encodeRetry(1362) + encodeStreamEvent("{}", "ack", "e.1")).toBe(
    "retry: 1362\nid: e.1\nevent: ack\ndata: {}\n\n",
  );
});

describe("the id of a stream", () => {
  test("tells the position in every topic, in their order", () => {
    const positions = [
      { epoch: "fb734e36", offset: 0 },
      { epoch: "00c0ffee", offset: Number.MAX_SAFE_INTEGER },
    ];
    expect(parsePositions(joinPositions(positions.map(encodePosition)), 2)).toEqual(positions);
  });

  test.each([
    ["", 1],
    ["fb734e36", 1],
    ["fb734e36.", 1],
    [".5", 1],
    ["fb734e36.-1", 1],
    ["fb734e36.1e3", 1],
    ["fb734e36.9007199254740993", 1],
    ["fb734e36.1,", 1],
    ["fb734e36.1,fb734e37.2", 1],
    ["fb734e36.1", 2],
    [`${"e".repeat(65)}.1`, 1],
  ])("is not %p for %d topics", (id, topicCount) => {
    expect(parsePositions(id, topicCount)).toBeUndefined();
  });
});
