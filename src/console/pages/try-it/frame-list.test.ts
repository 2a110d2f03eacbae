import { describe, expect, test } from "vitest";
import { type Direction, Frame } from "./frame.ts";
import { type Filter, filtered, MAX_FRAMES, MAX_TEXT, newest } from "./frame-list.ts";

let lastId = 0;
function frame(text: string, direction: Direction = "received"): Frame {
  return new Frame(++lastId, 0, direction, text);
}

describe("a frame", () => {
  test("knows type, topic and code of what it carries", () => {
    expect(frame('{"type":"event","topic":"a","message":{}}').head).toMatchObject({
      type: "event",
      topic: "a",
      code: "",
    });
    expect(frame('{"type":"error","error":{"code":"BAD_REQUEST"}}').head.code).toBe("BAD_REQUEST");
    expect(frame('{"type":"info","topic":"a","info":{"code":"TOPIC_DELETED"}}').head.code).toBe("TOPIC_DELETED");
  });

  test.each(["", "hello", "[1]", "null", '{"type":1}', '{"type":'])("is text where it carries %j", (text) => {
    expect(frame(text, "sent").head.type).toBe("text");
  });

  test("has its size in bytes", () => expect(frame("é😀").size).toBe(6));
});

describe("the list of frames", () => {
  test("keeps the newest, in order", () => {
    const frames = Array.from({ length: MAX_FRAMES + 3 }, (_, index) => frame(String(index)));
    expect(newest(frames)).toEqual(frames.slice(3));
  });

  test("keeps no more text than it may, but always the last frame", () => {
    const big = "x".repeat(MAX_TEXT / 2);
    const frames = [frame("a"), frame(big), frame(big), frame("b")];
    expect(newest(frames)).toEqual(frames.slice(2));
    const huge = frame(`${big}${big}y`);
    expect(newest([...frames, huge])).toEqual([huge]);
  });
});

describe("the filter", () => {
  const ping = frame('{"type":"ping"}', "sent");
  const pong = frame('{"type":"pong"}');
  const event = frame('{"type":"event","topic":"Orders"}');
  const note = frame("Connected", "note");
  const all = [note, ping, pong, event];
  const NONE: Filter = { direction: "", type: "", text: "" };

  test.each([
    ["nothing", NONE, all],
    ["a direction", { ...NONE, direction: "sent" }, [ping]],
    ["a type", { ...NONE, type: "event" }, [event]],
    ["a text, in capitals or not", { ...NONE, text: "orders" }, [event]],
    ["all of these", { direction: "received", type: "pong", text: "event" }, []],
  ] as const)("goes by %s", (_, filter, left) => expect(filtered(all, filter)).toEqual([...left]));
});
