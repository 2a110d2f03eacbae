import { describe, expect, test } from "vitest";
import { FakePlatform, settled } from "../../test/support/fake-platform.ts";
import { number } from "../../test/support/number-schema.ts";
import { createClient } from "./create.ts";
import type { InputsOf } from "./topics.ts";

function connected() {
  const platform = new FakePlatform();
  const schemas = { checked: number };
  const client = createClient<InputsOf<typeof schemas>>("ws://server/ws", { schemas, minBackoffMs: 0 }, platform);
  client.connect();
  platform.socket.open();
  return { client, platform };
}

describe("publishes", () => {
  const ids = (sent: readonly Record<string, unknown>[]) => sent.map(({ dedupe, message }) => [dedupe, message]);

  test("are sent again after a lost connection, first those that may have been taken, and so that none comes twice", async () => {
    const { client, platform } = connected();
    const first = client.publish("t", 1, { id: "a" });
    platform.socket.end();
    const second = client.publish("t", 2, { id: "b", dedupe: true });
    const third = client.publish("t", 3, { id: "c" });
    platform.advance(0);
    platform.socket.open();
    const sent = platform.socket.takeSent();
    expect(ids(sent)).toEqual([
      [true, { id: "a", payload: 1 }],
      [true, { id: "b", payload: 2 }],
      [false, { id: "c", payload: 3 }],
    ]);
    const acks = [{ offset: 1, duplicate: true }, { offset: 2 }, { offset: 3 }];
    for (const [i, ack] of acks.entries()) {
      platform.socket.receive({ type: "ack", request_id: sent[i]?.["request_id"], status: "ok", ts: "", ...ack });
    }
    expect(await Promise.all([first, second, third])).toEqual([
      { offset: 1, duplicate: true },
      { offset: 2, duplicate: false },
      { offset: 3, duplicate: false },
    ]);
  });

  test("are not sent again to a server that has restarted, which could not know them; those never sent are sent", async () => {
    const { client, platform } = connected();
    const first = client.publish("t", 1, { id: "a" }).catch((error: unknown) => error);
    platform.socket.end();
    client.publish("t", 2, { id: "b" }).catch(() => {});
    platform.advance(0);
    platform.socket.open("server-2");
    expect(await first).toMatchObject({ code: "UNCONFIRMED" });
    expect(ids(platform.socket.takeSent())).toEqual([[false, { id: "b", payload: 2 }]]);
  });

  test("have ids of their own, which no other client's have", () => {
    const sent = [connected(), connected()].flatMap(({ client, platform }) => {
      for (let i = 0; i < 3; i++) client.publish("t", i).catch(() => {});
      return platform.socket.takeSent();
    });
    expect(new Set(ids(sent).map(([, message]) => Reflect.get(Object(message), "id"))).size).toBe(6);
  });

  test("are held to the topic's schema, and sent as they are", async () => {
    const { client, platform } = connected();
    // @ts-expect-error The schema's type says so too.
    const refused = await client.publish("checked", "one").catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "INVALID_PAYLOAD", message: 'topic "checked": must be a number' });
    client.publish("checked", 1).catch(() => {});
    expect(platform.socket.takeSent()).toMatchObject([{ message: { payload: 1 } }]);
  });

  test("that JSON has no words for are refused", async () => {
    const { client } = connected();
    const circle: { self?: object } = {};
    circle.self = circle;
    for (const payload of [undefined, () => {}, 1n, circle]) {
      expect(await client.publish("t", payload).catch((error: unknown) => error)).toMatchObject({
        code: "INVALID_PAYLOAD",
      });
    }
  });

  test("leave no timer behind, however they are settled", async () => {
    const { client, platform } = connected();
    await settled();
    const before = platform.timerCount;
    const published = client.publish("t", 1);
    expect(platform.timerCount).toBe(before + 1);
    const request = platform.socket.takeSent().at(-1);
    platform.socket.receive({ type: "ack", request_id: request?.["request_id"], status: "ok", offset: 1, ts: "" });
    await published;
    expect(platform.timerCount).toBe(before);
  });
});
