import { describe, expect, test } from "vitest";
import { serverMessageSchema } from "../src/protocol/messages.ts";
import { TestClient } from "./support/client.ts";
import { encodeFrame, OPCODE } from "./support/frames.ts";
import { ServerProcess } from "./support/server-process.ts";
import { nextMessage, TRANSPORTS } from "./support/subscriber.ts";

// One contract: it holds for every transport under a session.

const TIMEOUT_MS = 60_000;
const KIB = 1024;

/** What a subscriber of one topic saw: the offsets it got, and the losses it was told of. */
class Account {
  readonly offsets: number[] = [];
  dropped = 0;
  notices = 0;
  #expected = 1;

  /** Takes one message; fails where an offset is neither delivered nor reported. */
  note(text: string): void {
    const message = serverMessageSchema.parse(JSON.parse(text));
    if (message.type === "event") {
      expect(message.offset).toBe(this.#expected);
      this.offsets.push(message.offset);
      this.#expected = message.offset + 1;
    } else if (message.type === "info" && message.info.code === "MESSAGES_DROPPED") {
      const { dropped, from_offset, to_offset } = message.info;
      expect(from_offset).toBe(this.#expected);
      expect(to_offset - from_offset + 1).toBe(dropped);
      this.dropped += dropped;
      this.notices++;
      this.#expected = to_offset + 1;
    }
  }

  get total(): number {
    return this.offsets.length + this.dropped;
  }
}

/** Publishes `count` messages of `bytes` each, awaiting every ack: the publisher itself is never the one that floods. */
async function publishAcked(publisher: TestClient, topic: string, count: number, bytes: number): Promise<void> {
  const payload = "x".repeat(bytes);
  for (let i = 0; i < count; i++) await publisher.published(topic, `m${i}`, payload);
}

describe.each(TRANSPORTS)("a subscriber by $name that reads", ({ subscribe }) => {
  test(
    "loses nothing of a burst of 5,000 publishes with a queue of 100",
    async () => {
      await using server = await ServerProcess.start(["-max-queue-size=100"]);
      using subscriber = (await subscribe(server.port, "burst")).subscriber;
      using publisher = await TestClient.connect(server.port);
      const frames: Buffer[] = [];
      for (let i = 1; i <= 5000; i++) {
        const request = { type: "publish", topic: "burst", message: { id: `m${i}`, payload: "x".repeat(100) } };
        frames.push(encodeFrame({ opcode: OPCODE.TEXT, payload: JSON.stringify(request) }));
      }
      publisher.sendBytes(Buffer.concat(frames));
      const account = new Account();
      while (account.total < 5000) account.note(await subscriber.nextText());
      expect(account.dropped).toBe(0);
      expect((await publisher.settled()).filter((message) => message.type === "ack")).toHaveLength(5000);
      expect(await server.stats()).toMatchObject({ dropped_messages: 0, longest_queue: 0, queued_messages: 0 });
    },
    TIMEOUT_MS,
  );

  test(
    "gets an event larger than its whole queue",
    async () => {
      await using server = await ServerProcess.start(["-max-queue-bytes=4096"]);
      using subscriber = (await subscribe(server.port, "large")).subscriber;
      using publisher = await TestClient.connect(server.port);
      await publishAcked(publisher, "large", 3, 64 * KIB);
      const account = new Account();
      while (account.total < 3) account.note(await subscriber.nextText());
      expect(account.dropped).toBe(0);
    },
    TIMEOUT_MS,
  );
});

describe.each(TRANSPORTS)("a subscriber by $name that pauses and goes on reading", ({ subscribe }) => {
  test(
    "is told exactly what it lost: received and reported add up to what was published",
    async () => {
      await using server = await ServerProcess.start(["-max-queue-size=400", "-write-wait=60s"]);
      using subscriber = (await subscribe(server.port, "t")).subscriber;
      using publisher = await TestClient.connect(server.port);
      const account = new Account();
      let published = 0;
      for (let round = 0; round < 3; round++) {
        subscriber.pause();
        // The kernel takes a few megabytes; past them the queue of 400 overflows, but by less than a whole queue.
        await publishUntilDropped(server, publisher, 64 * KIB, 100, (count) => {
          published += count;
        });
        subscriber.resume();
        while (account.total < published) account.note(await subscriber.nextText(20_000));
      }
      expect(account.notices).toBeGreaterThanOrEqual(3);
      expect(account.total).toBe(published);
      expect((await server.stats()).dropped_messages).toBe(account.dropped);
    },
    TIMEOUT_MS,
  );

  test(
    "can fetch what it lost with since, while the ring holds it",
    async () => {
      await using server = await ServerProcess.start([
        "-max-queue-size=50",
        "-write-wait=60s",
        "-ring-buffer-size=500",
      ]);
      const { epoch, subscriber } = await subscribe(server.port, "t");
      using _ = subscriber;
      using publisher = await TestClient.connect(server.port);
      subscriber.pause();
      await publishUntilDropped(server, publisher, 64 * KIB, 5, () => {});
      subscriber.resume();
      const lost: number[] = [];
      for (;;) {
        const message = await nextMessage(subscriber, 20_000);
        if (message.type !== "info" || message.info.code !== "MESSAGES_DROPPED") continue;
        for (let at = message.info.from_offset; at <= message.info.to_offset; at++) lost.push(at);
        break;
      }
      using fetcher = await TestClient.connect(server.port);
      const since = { epoch, offset: (lost[0] ?? 0) - 1 };
      expect(await fetcher.subscribe("t", { since })).toMatchObject({ recovered: true });
      for (const offset of lost) expect((await fetcher.expect("event")).offset).toBe(offset);
    },
    TIMEOUT_MS,
  );
});

/** Publishes large messages until at least `least` were dropped for some client; reports how many it published. */
async function publishUntilDropped(
  server: ServerProcess,
  publisher: TestClient,
  bytes: number,
  least: number,
  report: (count: number) => void,
): Promise<void> {
  const before = (await server.stats()).dropped_messages;
  for (let round = 0; round < 400; round++) {
    await publishAcked(publisher, "t", 10, bytes);
    report(10);
    if ((await server.stats()).dropped_messages - before >= least) return;
  }
  throw new Error("nothing was dropped");
}

describe.each(TRANSPORTS)("a subscriber by $name that stops reading", ({ subscribe }) => {
  test(
    "never holds more than its bounds, gets SLOW_CONSUMER and 1008, disturbs nobody, and gives its memory back",
    async () => {
      await using server = await ServerProcess.start(["-max-queue-size=50", "-write-wait=5s"]);
      using stalled = (await subscribe(server.port, "t", { clientId: "stalled" })).subscriber;
      using healthy = (await subscribe(server.port, "t", { clientId: "healthy" })).subscriber;
      using publisher = await TestClient.connect(server.port);
      stalled.pause();
      const slow = server.nextLog("slow consumer");
      const account = new Account();
      let published = 0;
      while ((await server.stats()).slow_consumers === 0) {
        await publishAcked(publisher, "t", 5, 128 * KIB);
        published += 5;
        while (account.total < published) account.note(await healthy.nextText());
        const { longest_queue, queued_bytes } = await server.stats();
        expect(longest_queue).toBeLessThanOrEqual(50);
        expect(queued_bytes).toBeLessThanOrEqual(16 * KIB * KIB);
        if (published > 5000) throw new Error("the client was never called slow");
      }
      expect(account.dropped).toBe(0);
      await slow;
      expect(await server.stats()).toMatchObject({ queued_bytes: expect.any(Number), total_clients: 3 });
      stalled.resume();
      let last = await nextMessage(stalled);
      while (last.type !== "error") last = await nextMessage(stalled);
      expect(last.error.code).toBe("SLOW_CONSUMER");
      expect(await stalled.closed).toMatchObject({ code: 1008 });
      // Its subscription went at once, its queue too.
      expect(await server.stats()).toMatchObject({ queued_messages: 0, queued_bytes: 0, slow_consumers: 1 });
      expect((await server.stats()).topics["t"]?.subscriber_count).toBe(1);
    },
    TIMEOUT_MS,
  );

  test(
    "is destroyed after the write wait if it never reads again, and its descriptor is given back",
    async () => {
      await using server = await ServerProcess.start(["-max-queue-size=10", "-write-wait=500ms"]);
      using stalled = (await subscribe(server.port, "t")).subscriber;
      using publisher = await TestClient.connect(server.port);
      stalled.pause();
      const gone = server.nextLog("client disconnected");
      await publishUntilDropped(server, publisher, 256 * KIB, 1, () => {});
      // Nothing more is published: time alone must do it.
      expect(await gone).toMatchObject({ code: 1006 });
      expect(await server.stats()).toMatchObject({ total_clients: 1, slow_consumers: 1, queued_messages: 0 });
    },
    TIMEOUT_MS,
  );
});

describe("a WebSocket client that stops reading", () => {
  test(
    "is a slow consumer also where it floods requests and reads none of the answers",
    async () => {
      await using server = await ServerProcess.start(["-max-queue-size=20", "-write-wait=30s"]);
      using flooder = await TestClient.connect(server.port);
      using bystander = await TestClient.connect(server.port);
      flooder.pause();
      const slow = server.nextLog("slow consumer");
      const request = encodeFrame({
        opcode: OPCODE.TEXT,
        payload: `{"type":"ping","request_id":"${"r".repeat(250)}"}`,
      });
      const batch = Buffer.concat(Array.from({ length: 200 }, () => request));
      for (let sent = 0; sent < 500 && (await server.stats()).slow_consumers === 0; sent++) {
        flooder.sendBytes(batch);
        await bystander.settled();
      }
      await slow;
      expect((await server.stats()).longest_queue).toBeLessThanOrEqual(20);
    },
    TIMEOUT_MS,
  );
});
