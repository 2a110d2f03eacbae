import { describe, expect, test } from "bun:test";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";

describe("a subscriber", () => {
  test("gets what was published before, as asked for, then what is published now", async () => {
    await using server = await ServerProcess.start();
    using publisher = await TestClient.connect(server.port);
    await publisher.published("orders", "m1", { n: 1 });
    await publisher.published("orders", "m2", { n: 2 });
    using subscriber = await TestClient.connect(server.port);
    const ack = await subscriber.subscribe("orders", { last_n: 1, request_id: "s1" });
    expect(ack).toMatchObject({ request_id: "s1", topic: "orders", status: "ok", offset: 2 });
    await publisher.published("orders", "m3", { n: 3 });
    const events = [await subscriber.expect("event"), await subscriber.expect("event")];
    expect(events.map((event) => [event.offset, event.message.id])).toEqual([
      [2, "m2"],
      [3, "m3"],
    ]);
  });
});
