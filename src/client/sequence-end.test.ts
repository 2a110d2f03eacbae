import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { subscribedClient } from "../../test/support/subscribed-client.ts";

describe("a sequence", () => {
  test("that has ended is held by nobody, though its last request was never answered", async () => {
    const { client, platform } = subscribedClient();
    const handlers = Array.from({ length: 100 }, (_, i) => {
      const handler = () => i;
      const subscription = client.subscribe("t", {}, handler);
      platform.socket.end();
      platform.advance(0);
      platform.socket.open();
      subscription.unsubscribe();
      return new WeakRef(handler);
    });
    platform.sockets.splice(0, platform.sockets.length - 1);
    await sleep(0);
    globalThis.gc?.();
    expect(handlers.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(10);
  });

  test("ends where its handler ends it, in the middle of what comes", () => {
    const { answer, events, got, platform, subscription } = subscribedClient();
    answer({ epoch: "e", offset: 0 });
    got.push = (offset) => {
      subscription.unsubscribe();
      return Array.prototype.push.call(got, offset);
    };
    events(1, 2);
    expect([...got]).toEqual([1]);
    expect(platform.socket.takeSent()).toMatchObject([{ type: "unsubscribe", topic: "t" }]);
  });

  test("ends where its parse ends it: neither its handler nor the gap listener is called", () => {
    const { answer, client, event, got, subscription } = subscribedClient();
    subscription.unsubscribe();
    for (const isRefused of [false, true]) {
      const parsed = client.subscribe(
        "t",
        {
          parse: () => {
            parsed.unsubscribe();
            if (isRefused) throw new Error("refused");
          },
        },
        ({ offset }) => got.push(offset),
      );
      answer({ epoch: "e", offset: 0 });
      event(1, "x");
    }
    expect(got).toEqual([]);
  });

  test("is not ended by the deletion of an earlier incarnation, which is reported before its ack", async () => {
    const { answer, client, events, got, platform, subscription } = subscribedClient();
    answer({ epoch: "old", offset: 0 });
    subscription.unsubscribe();
    client.subscribe("t", ({ offset }) => got.push(offset));
    platform.socket.receive({ type: "info", topic: "t", info: { code: "TOPIC_DELETED", message: "" }, ts: "" });
    answer({ epoch: "new", offset: 0 });
    events(1);
    expect(got).toEqual([1]);
  });

  test("is resolved, not rejected, where the application ends it before its ack", async () => {
    const { answer, subscription } = subscribedClient();
    subscription.unsubscribe();
    answer({ epoch: "e", offset: 0 });
    expect(await Promise.all([subscription.ready, subscription.ended])).toEqual([undefined, undefined]);
  });

  test("tells when the server refuses to go on with it", async () => {
    const { answer, platform, subscription } = subscribedClient();
    answer({ epoch: "e", offset: 0 });
    platform.socket.end();
    platform.advance(0);
    platform.socket.open();
    const request = platform.socket.takeSent().at(-1);
    const error = { code: "FORBIDDEN", message: "no longer" };
    platform.socket.receive({ type: "error", request_id: request?.["request_id"], error, ts: "" });
    await subscription.ready;
    expect(await subscription.ended).toMatchObject({ code: "FORBIDDEN", message: 'topic "t": no longer' });
  });
});
