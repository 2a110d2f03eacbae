import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { TestClient } from "./support/client.ts";
import { ringcast } from "./support/command.ts";
import { Directory } from "./support/directory.ts";
import { encodeFrame, OPCODE } from "./support/frames.ts";
import { within } from "./support/mailbox.ts";
import { MemoryCgroup } from "./support/memory-cgroup.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Waits for what no event tells. */
async function eventually(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come about`);
    await sleep(10);
  }
}

function pingsTo(client: TestClient): number {
  return client.controlFrames.filter(({ opcode }) => opcode === OPCODE.PING).length;
}

describe("-ring-buffer-size", () => {
  test("is how many messages of a topic can be replayed, and the most that last_n may ask for", async () => {
    await using server = await ServerProcess.start(["-ring-buffer-size=3"]);
    using publisher = await TestClient.connect(server.port);
    for (let i = 1; i <= 5; i++) await publisher.published("t", `m${i}`, i);
    using subscriber = await TestClient.connect(server.port);
    await subscriber.subscribe("t", { last_n: 3 });
    expect(await subscriber.settled()).toMatchObject([{ offset: 3 }, { offset: 4 }, { offset: 5 }]);
    subscriber.send({ type: "subscribe", topic: "t", client_id: "c", last_n: 4 });
    expect((await subscriber.expect("error")).error.code).toBe("BAD_REQUEST");
  });

  test("of 0 keeps nothing", async () => {
    await using server = await ServerProcess.start(["-ring-buffer-size=0"]);
    using client = await TestClient.connect(server.port);
    await client.published("t", "m", 1);
    const { epoch, offset } = await client.subscribe("t", { last_n: 0 });
    expect({ offset, rest: await client.settled() }).toEqual({ offset: 1, rest: [] });
    expect(await client.subscribe("t", { since: { epoch, offset: 0 } })).toMatchObject({ recovered: false });
    client.send({ type: "subscribe", topic: "t", client_id: "c", last_n: 1 });
    expect((await client.expect("error")).error.code).toBe("BAD_REQUEST");
  });
});

describe("-max-history-bytes", () => {
  test("is the most bytes of all topics' messages; the oldest of the largest topics go first", async () => {
    await using server = await ServerProcess.start(["-max-history-bytes=1000000"]);
    using client = await TestClient.connect(server.port);
    await client.published("small", "m", 1);
    using reader = await TestClient.connect(server.port);
    const { epoch } = await reader.subscribe("large", { last_n: 0 });
    for (let i = 1; i <= 5; i++) await client.published("large", `m${i}`, "x".repeat(300_000));
    using late = await TestClient.connect(server.port);
    expect(await late.subscribe("large", { since: { epoch, offset: 1 } })).toMatchObject({ recovered: false });
    const large = await late.settled();
    await late.subscribe("small", { last_n: 1 });
    const got = [...large, ...(await late.settled())].map((message) =>
      "offset" in message ? [message.topic, message.offset] : [],
    );
    expect(got).toEqual([
      ["large", 3],
      ["large", 4],
      ["large", 5],
      ["small", 1],
    ]);
    expect(await server.stats()).toMatchObject({ max_history_bytes: 1_000_000, evicted_messages: 2 });
    const metrics = await (await server.fetch("/metrics")).text();
    expect(metrics).toMatch(/^ringcast_history_limit_bytes 1000000$/m);
    expect(metrics).toMatch(/^ringcast_history_evicted_messages_total 2$/m);
  });

  test("bounds history_bytes, and not log_bytes, which has what a client that does not read is still to be sent", async () => {
    await using server = await ServerProcess.start(["-max-history-bytes=1000000"]);
    using stalled = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    await stalled.subscribe("t");
    stalled.pause();
    let [history, log] = [0, 0];
    for (let i = 1; i <= 100 && log <= 1_000_000; i++) {
      await publisher.published("t", `m${i}`, "x".repeat(300_000));
      const stats = await server.stats();
      [history, log] = [Number(stats["history_bytes"]), Number(stats["log_bytes"])];
      expect(history).toBeGreaterThan(300_000);
      expect(history).toBeLessThanOrEqual(1_000_000);
    }
    expect(log).toBeGreaterThan(1_000_000);
    const metrics = await (await server.fetch("/metrics")).text();
    const [inHistory, inLog] = ["history", "log"].map((name) =>
      Number(new RegExp(`^ringcast_${name}_bytes (\\d+)$`, "m").exec(metrics)?.[1]),
    );
    expect(inHistory).toBeLessThanOrEqual(1_000_000);
    expect(inLog).toBeGreaterThan(1_000_000);
  });

  test("is by default a quarter of the memory, which an outer control group may limit", async (context) => {
    using directory = new Directory();
    using cgroup = MemoryCgroup.create(400_003_072, true);
    if (cgroup === undefined) return context.skip("no control group can be made here");
    await using server = await ServerProcess.start([], { command: cgroup.commandIn(directory, ringcast()) });
    expect(await server.stats()).toMatchObject({ max_history_bytes: 100_000_768 });
  });
});

describe("-ping-interval", () => {
  test("is the time between two pings to a client", async () => {
    await using often = await ServerProcess.start(["-ping-interval=100ms"]);
    await using seldom = await ServerProcess.start();
    using first = await TestClient.connect(often.port);
    using second = await TestClient.connect(seldom.port);
    const start = performance.now();
    await eventually("five pings", () => pingsTo(first) >= 5);
    expect(performance.now() - start).toBeGreaterThan(350);
    expect(await second.settled()).toEqual([]);
    expect(pingsTo(second)).toBe(0);
  });
});

describe("-pong-wait", () => {
  test("cuts off who answers no pings, and nobody who answers or sends anything else", async () => {
    await using server = await ServerProcess.start(["-ping-interval=200ms", "-pong-wait=2s"]);
    using answering = await TestClient.connect(server.port);
    using talking = await TestClient.connect(server.port, { answersPings: false });
    const talk = setInterval(() => talking.send({ type: "ping" }), 200);
    try {
      // Two in turn: the others must outlive the wait more than once.
      for (let i = 0; i < 2; i++) {
        const givenUp = server.nextLog("ping timeout, connection closed");
        const gone = server.nextLog("client disconnected");
        const start = performance.now();
        using silent = await TestClient.connect(server.port, { answersPings: false });
        await silent.subscribe("t");
        expect(await within(silent.closed, "the cut", 20_000)).toMatchObject({ code: 1006 });
        expect(performance.now() - start).toBeGreaterThan(1400);
        expect((await givenUp)["session"]).toBe((await gone)["session"]);
      }
      expect(await answering.settled()).toEqual([]);
      expect((await talking.settled()).every(({ type }) => type === "pong")).toBe(true);
      // All that a dead client held is gone with it.
      expect(await server.stats()).toMatchObject({ total_clients: 2, total_topics: 0 });
    } finally {
      clearInterval(talk);
    }
  });
});

/** A publish that is so many bytes long. */
function publishOfSize(bytes: number): string {
  const [head, tail] = ['{"type":"publish","topic":"t","message":{"id":"m","payload":"', '"}}'];
  return head + "x".repeat(bytes - head.length - tail.length) + tail;
}

describe("-max-message-size", () => {
  test("is the most bytes of a WebSocket message; one more closes with 1009", async () => {
    for (const [limit, flags] of [
      [500, ["-max-message-size=500"]],
      [1_048_576, []],
    ] as const) {
      await using server = await ServerProcess.start([...flags]);
      using bystander = await TestClient.connect(server.port);
      using client = await TestClient.connect(server.port);
      client.send(publishOfSize(limit));
      expect(await client.expect("ack")).toMatchObject({ offset: 1 });
      client.send(publishOfSize(limit + 1));
      expect(await within(client.closed, "the close")).toMatchObject({ code: 1009 });
      expect(await bystander.settled()).toEqual([]);
      expect((await server.stats()).total_messages).toBe(1);
    }
  });

  test("holds for a message in fragments as a whole", async () => {
    await using server = await ServerProcess.start(["-max-message-size=500"]);
    using client = await TestClient.connect(server.port);
    const send = (text: string) => {
      const half = text.length >> 1;
      client.sendFrame({ opcode: OPCODE.TEXT, payload: text.slice(0, half), fin: false });
      client.sendFrame({ opcode: OPCODE.CONTINUATION, payload: text.slice(half) });
    };
    send(publishOfSize(500));
    expect(await client.expect("ack")).toMatchObject({ offset: 1 });
    send(publishOfSize(501));
    expect(await within(client.closed, "the close")).toMatchObject({ code: 1009 });
  });

  test("is the most bytes of an HTTP body; one more is answered with 413", async () => {
    await using server = await ServerProcess.start(["-max-message-size=500"]);
    const body = '{"name":"t"}'.padEnd(500, " ");
    expect((await server.post("/topics", `${body} `)).status).toBe(413);
    expect((await server.post("/topics", body)).status).toBe(201);
  });
});

describe("-auto-create-topics", () => {
  test("turned off leaves the making of topics to REST", async () => {
    await using server = await ServerProcess.start(["-auto-create-topics=false"]);
    using client = await TestClient.connect(server.port);
    for (const request of [
      { type: "subscribe", topic: "t", client_id: "c" },
      { type: "publish", topic: "t", message: { id: "m", payload: 0 } },
    ]) {
      client.send(request);
      expect((await client.expect("error")).error.code).toBe("TOPIC_NOT_FOUND");
    }
    expect((await server.stats()).total_topics).toBe(0);
    expect((await server.post("/topics", { name: "t" })).status).toBe(201);
    await client.subscribe("t");
    client.publish("t", "m", 0);
    expect((await client.settled()).map(({ type }) => type).sort()).toEqual(["ack", "event"]);
  });

  test("left out or true lets subscribe and publish begin them", async () => {
    for (const flags of [[], ["-auto-create-topics"]]) {
      await using server = await ServerProcess.start(flags);
      using client = await TestClient.connect(server.port);
      await client.subscribe("a");
      await client.published("b", "m", 0);
      expect((await server.stats()).total_topics).toBe(2);
    }
  });
});

describe("-topic-ttl", () => {
  test("is how long a topic outlives its last subscriber", async () => {
    for (const [flags, why] of [
      [[], "last subscriber left"],
      [["-topic-ttl=300ms"], "expired"],
    ] as const) {
      await using server = await ServerProcess.start([...flags]);
      await using keeper = await ServerProcess.start(["-topic-ttl=1h"]);
      const removed = server.nextLog("topic removed");
      for (const { port } of [keeper, server]) {
        using client = await TestClient.connect(port);
        await client.subscribe("t");
      }
      expect(await removed).toMatchObject({ topic: "t", why });
      expect((await server.stats()).total_topics).toBe(0);
      expect((await keeper.stats()).total_topics).toBe(1);
    }
  });
});

describe("-idle-topic-ttl", () => {
  test("is how long a topic that a publish began and nobody subscribed to outlives its last message", async () => {
    await using server = await ServerProcess.start(["-idle-topic-ttl=300ms"]);
    await using keeper = await ServerProcess.start();
    const removed = server.nextLog("topic removed");
    for (const { port } of [keeper, server]) {
      using client = await TestClient.connect(port);
      await client.published("t", "m", 0);
    }
    expect(await removed).toMatchObject({ topic: "t", why: "expired", messages: 1 });
    expect((await keeper.stats()).total_topics).toBe(1);
  });
});

describe("-max-topics", () => {
  test("refuses the topic past it with LIMIT_EXCEEDED, on every way, and no publish to the others", async () => {
    await using server = await ServerProcess.start(["-max-topics=2"]);
    using client = await TestClient.connect(server.port);
    await client.subscribe("a");
    await client.published("b", "m", 0);
    client.publish("c", "m", 0);
    expect((await client.expect("error")).error.code).toBe("LIMIT_EXCEEDED");
    client.send({ type: "subscribe", topic: "c", client_id: "c" });
    expect((await client.expect("error")).error.code).toBe("LIMIT_EXCEEDED");
    const refused = await server.post("/topics", { name: "c" });
    expect({ status: refused.status, retry: refused.headers.has("retry-after") }).toEqual({ status: 503, retry: true });
    expect((await server.post("/topics", { name: "a" })).status).toBe(409);
    client.publish("a", "m", 1);
    expect((await client.settled()).map(({ type }) => type).sort()).toEqual(["ack", "event"]);
  });
});

describe("-max-subscriptions", () => {
  test("refuses a connection's subscription past it with LIMIT_EXCEEDED; the others live, and so does the rest", async () => {
    await using server = await ServerProcess.start(["-max-subscriptions=2"]);
    using client = await TestClient.connect(server.port);
    using other = await TestClient.connect(server.port);
    await client.subscribe("a");
    await client.subscribe("b");
    client.send({ type: "subscribe", topic: "c", client_id: "c1", request_id: "third" });
    expect(await client.expect("error")).toMatchObject({ request_id: "third", error: { code: "LIMIT_EXCEEDED" } });
    expect((await server.stats()).topics["c"]).toBeUndefined();
    // Again to a topic that it has is no further subscription.
    await client.subscribe("a");
    for (const topic of ["a", "b"]) {
      await other.published(topic, "m", 0);
      expect(await client.expect("event")).toMatchObject({ topic });
    }
    // The bound is each connection's own, and one that leaves makes room.
    await other.subscribe("c");
    client.send({ type: "unsubscribe", topic: "a", client_id: "c1" });
    await client.expect("ack");
    await client.subscribe("c");
    expect((await server.stats()).topics["c"]?.subscriber_count).toBe(2);
  });
});

describe("-max-control-frames-per-sec", () => {
  const pings = (count: number) =>
    Buffer.concat(Array.from({ length: count }, (_, i) => encodeFrame({ opcode: OPCODE.PING, payload: `${i}` })));
  const pongsTo = (client: TestClient) => client.controlFrames.filter(({ opcode }) => opcode === OPCODE.PONG).length;

  test("is how many pings and pongs a client may send in a second; one more closes with 1008", async () => {
    await using server = await ServerProcess.start(["-max-control-frames-per-sec=10"]);
    using modest = await TestClient.connect(server.port);
    using flooder = await TestClient.connect(server.port);
    modest.sendBytes(pings(10));
    expect(await modest.settled()).toEqual([]);
    await eventually("ten pongs", () => pongsTo(modest) === 10);
    flooder.sendBytes(pings(11));
    expect(await within(flooder.closed, "the close")).toMatchObject({ code: 1008 });
    await sleep(1100);
    modest.sendBytes(pings(10));
    await eventually("ten more pongs", () => pongsTo(modest) === 20);
    expect(await modest.settled()).toEqual([]);
  });

  test("of 100 by default stops a flood of pings or pongs, and nobody else notices", async () => {
    await using server = await ServerProcess.start();
    using bystander = await TestClient.connect(server.port);
    for (const opcode of [OPCODE.PING, OPCODE.PONG]) {
      using flooder = await TestClient.connect(server.port);
      flooder.sendBytes(Buffer.concat(Array.from({ length: 20_000 }, () => encodeFrame({ opcode }))));
      expect(await within(flooder.closed, "the close", 20_000)).toMatchObject({ code: 1008 });
      expect(await bystander.settled()).toEqual([]);
    }
    expect((await server.stats()).total_clients).toBe(1);
  });
});
