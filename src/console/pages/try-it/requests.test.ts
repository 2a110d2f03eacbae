import { describe, expect, test } from "vitest";
import { pingFrame, publishFrame, subscribeFrame, unsubscribeFrame } from "./requests.ts";

describe("a frame", () => {
  test.each(["12345678901234567890", "1e400", ' {\n "a" : 1.0 }\t', '"\\u0041"'])(
    "of a publish has the payload %j byte for byte",
    (payload) => {
      const frame = publishFrame({ type: "publish", topic: 'a"b', id: "", payload, dedupe: true }, 'm"1', "r1");
      expect(frame).toBe(
        `{"type":"publish","topic":"a\\"b","message":{"id":"m\\"1","payload":${payload}},"dedupe":true,"request_id":"r1"}`,
      );
      expect(JSON.parse(frame).dedupe).toBe(true);
    },
  );

  test("of a subscribe says from where", () => {
    const head = { type: "subscribe", topic: "a", client_id: "c", request_id: "r" };
    expect(JSON.parse(subscribeFrame("a", "c", { kind: "none" }, "r"))).toEqual(head);
    expect(JSON.parse(subscribeFrame("a", "c", { kind: "last", count: 5 }, "r"))).toEqual({ ...head, last_n: 5 });
    expect(JSON.parse(subscribeFrame("a", "c", { kind: "since", epoch: "e", offset: 2 }, "r"))).toEqual({
      ...head,
      since: { epoch: "e", offset: 2 },
    });
  });

  test("of an unsubscribe and of a ping", () => {
    expect(unsubscribeFrame("a", "c", "r")).toBe('{"type":"unsubscribe","topic":"a","client_id":"c","request_id":"r"}');
    expect(pingFrame("r")).toBe('{"type":"ping","request_id":"r"}');
  });
});
