import { describe, expect, test } from "vitest";
import { collectGarbage } from "../../test/support/garbage.ts";
import { HubUnderTest } from "../../test/support/hub.ts";
import { encodeEnd } from "../protocol/encode.ts";
import { draftOf } from "./draft.ts";
import { Log, textsOf } from "./log.ts";
import type { Range } from "./range.ts";
import { type Loss, SessionQueue } from "./session-queue.ts";

const END = encodeEnd("2025-01-15T10:00:00.123Z");
/** The plain queue does not look at it. */
const { subscription } = ((under) => under.join(under.connect().session, "any"))(new HubUnderTest());

function newLog(name: string): Log {
  return new Log({ name, nameJson: JSON.stringify(name) }, `epoch of ${name}`, 100);
}

function push(queue: SessionQueue, log: Log, count = 1, payloadBytes = 1): void {
  for (let i = 0; i < count; i++) {
    log.append(draftOf('"m"', JSON.stringify("p".repeat(payloadBytes))), END);
    queue.pushEvents(log.newest(), subscription, false);
  }
}

function pushReply(queue: SessionQueue, bytes: Buffer, start: number, end: number): void {
  queue.pushReply(bytes, start, end);
}

function notice({ dropped, fromOffset, log, toOffset }: Loss): string {
  return `${log.topic.name} lost ${dropped}: ${fromOffset}-${toOffset}`;
}

/** Takes all that is queued, in short: `a 1-3` for events, `[0-9]` for replies, texts as they are. */
function takeAll(queue: SessionQueue, maxBytes = Number.POSITIVE_INFINITY): string[] {
  const taken: string[] = [];
  for (;;) {
    const message = queue.next(maxBytes, notice);
    if (message === undefined) return taken;
    if (message.kind === "text") taken.push(message.text);
    else if (message.kind === "replies") taken.push(`[${message.start}-${message.end}]`);
    else taken.push(`${message.log.topic.name} ${message.fromOffset}-${message.toOffset}`);
  }
}

function limits(maxMessages: number, maxBytes = 1_000_000) {
  return { maxMessages, maxBytes };
}

describe("a session's queue", () => {
  test("gives back all in order, with consecutive events of a topic as one range", () => {
    const [queue, a, b] = [new SessionQueue(), newLog("a"), newLog("b")];
    queue.pushText("ack");
    push(queue, a, 3);
    push(queue, b, 2);
    push(queue, a, 1);
    queue.pushText("pong");
    const frame = a.newest().sizeBytes;
    expect([queue.count, queue.bytes, queue.isEmpty]).toEqual([8, 6 * frame + 7, false]);
    expect(takeAll(queue)).toEqual(["ack", "a 1-3", "b 1-2", "a 4-4", "pong"]);
    expect([queue.count, queue.bytes, queue.isEmpty]).toEqual([0, 0, true]);
  });

  test("joins replies that stand one behind the other, and no others", () => {
    const [queue, bytes, others] = [new SessionQueue(), Buffer.alloc(100), Buffer.alloc(100)];
    pushReply(queue, bytes, 0, 10);
    pushReply(queue, bytes, 10, 25);
    pushReply(queue, bytes, 30, 40);
    pushReply(queue, others, 40, 50);
    expect([queue.count, queue.bytes]).toEqual([4, 45]);
    expect(takeAll(queue)).toEqual(["[0-25]", "[30-40]", "[40-50]"]);
    pushReply(queue, others, 50, 60);
    expect(takeAll(queue)).toEqual(["[50-60]"]);
  });

  test("cuts a range to the bytes that are wanted, and gives at least one event", () => {
    const [queue, a] = [new SessionQueue(), newLog("a")];
    push(queue, a, 7);
    const frame = a.newest().sizeBytes;
    expect(takeAll(queue, 3 * frame + 1)).toEqual(["a 1-3", "a 4-6", "a 7-7"]);
    push(queue, a, 2);
    expect(takeAll(queue, 1)).toEqual(["a 8-8", "a 9-9"]);
    expect([queue.count, queue.bytes]).toEqual([0, 0]);
  });

  test("drops the oldest events until it is within its bounds, and reports them before the topic's next one", () => {
    const [queue, a, b] = [new SessionQueue(), newLog("a"), newLog("b")];
    push(queue, a, 2);
    queue.pushText("ack");
    push(queue, b, 2);
    push(queue, a, 3);
    expect(queue.drop(limits(8))).toBe(0);
    expect(queue.drop(limits(5))).toBe(3);
    expect(queue.count).toBe(5);
    expect(takeAll(queue)).toEqual(["ack", "b lost 1: 1-1", "b 2-2", "a lost 2: 1-2", "a 3-5"]);
  });

  test("never drops a reply", () => {
    const [queue, a] = [new SessionQueue(), newLog("a")];
    queue.pushText("1");
    push(queue, a, 2);
    pushReply(queue, Buffer.alloc(10), 0, 10);
    queue.pushText("2");
    expect(queue.drop(limits(1))).toBe(2);
    expect(queue.drop(limits(1))).toBe(0);
    expect(takeAll(queue)).toEqual(["1", "[0-10]", "2", "a lost 2: 1-2"]);
  });

  test("keeps within its bytes, at the cost of as many events as it takes and no more", () => {
    const [queue, a] = [new SessionQueue(), newLog("a")];
    push(queue, a, 9, 100);
    const frame = queue.bytes / 9;
    expect(queue.drop(limits(100, 7 * frame))).toBe(2);
    expect(queue.drop(limits(100, 7 * frame - 1))).toBe(1);
    expect([queue.count, queue.bytes]).toEqual([6, 6 * frame]);
    expect(queue.drop(limits(100, frame - 1))).toBe(6);
    expect(takeAll(queue)).toEqual(["a lost 9: 1-9"]);
  });

  test("is not empty while a loss is not reported, and reports last what has nothing more to come", () => {
    const [queue, a] = [new SessionQueue(), newLog("a")];
    push(queue, a, 1, 2000);
    queue.drop(limits(10, 100));
    expect([queue.count, queue.isEmpty]).toEqual([0, false]);
    queue.pushText("pong");
    expect(takeAll(queue)).toEqual(["pong", "a lost 1: 1-1"]);
    expect(queue.isEmpty).toBe(true);
  });

  test("reports losses before the text that must stand behind them", () => {
    const [queue, a, b] = [new SessionQueue(), newLog("a"), newLog("b")];
    push(queue, a, 2);
    push(queue, b, 2);
    queue.drop(limits(0));
    queue.pushText("ack");
    queue.pushText("TOPIC_DELETED", b);
    expect(takeAll(queue)).toEqual(["ack", "b lost 2: 1-2", "TOPIC_DELETED", "a lost 2: 1-2"]);
  });

  test("does not mix the losses of two incarnations of a topic", () => {
    const [queue, first, second] = [new SessionQueue(), newLog("a"), newLog("a")];
    push(queue, first, 3);
    push(queue, second, 5);
    queue.drop(limits(4));
    expect(takeAll(queue)).toEqual(["a lost 1: 1-1", "a 2-5", "a lost 3: 1-3"]);
  });

  test("reports anew what is lost after a notice", () => {
    const [queue, a] = [new SessionQueue(), newLog("a")];
    push(queue, a, 2);
    queue.drop(limits(1));
    expect(queue.next(1000, notice)).toEqual({ kind: "text", text: "a lost 1: 1-1" });
    push(queue, a, 1);
    queue.drop(limits(1));
    expect(takeAll(queue)).toEqual(["a lost 1: 2-2", "a 3-3"]);
  });

  test("withdraws what a replay brings again, and nothing else", () => {
    const [queue, a, b] = [new SessionQueue(), newLog("a"), newLog("b")];
    push(queue, a, 3);
    push(queue, b, 2);
    push(queue, a, 3);
    queue.withdraw(a, 3);
    expect(queue.count).toBe(4);
    const replay = a.last(4);
    if (replay === undefined) throw new Error("the log is empty");
    queue.pushText("ack");
    queue.pushEvents(replay, subscription, true);
    push(queue, a, 1);
    expect(takeAll(queue)).toEqual(["a 1-2", "b 1-2", "ack", "a 3-7"]);
    expect([queue.count, queue.bytes]).toEqual([0, 0]);
  });

  test("forgets messages and losses when it is cleared", () => {
    const [queue, a] = [new SessionQueue(), newLog("a")];
    push(queue, a, 3);
    queue.drop(limits(1));
    queue.clear("disconnected");
    expect([queue.count, queue.bytes, queue.isEmpty]).toEqual([0, 0, true]);
    push(queue, a, 1);
    expect(takeAll(queue)).toEqual(["a 4-4"]);
  });
});

describe("a queue's detached events", () => {
  test("are the same events, which nothing of their log is joined to", () => {
    const [queue, a, b] = [new SessionQueue(), newLog("a"), newLog("b")];
    push(queue, a, 3);
    push(queue, b, 1);
    push(queue, a, 2);
    queue.detach(a);
    expect([...queue.ranges()].map((range: Range) => range.isDetached)).toEqual([true, false, true]);
    push(queue, a, 2);
    const texts: string[] = [];
    for (const range of queue.ranges())
      texts.push(...textsOf(range).map(({ offset, topic }) => `${topic.nameJson} ${offset}`));
    expect(texts).toEqual(['"a" 1', '"a" 2', '"a" 3', '"b" 1', '"a" 4', '"a" 5', '"a" 6', '"a" 7']);
    expect(takeAll(queue)).toEqual(["a 1-3", "b 1-1", "a 4-5", "a 6-7"]);
  });

  test("do not keep alive what is appended later", async () => {
    const [queue, a] = [new SessionQueue(), newLog("a")];
    push(queue, a, 3);
    queue.detach(a);
    const chunks: WeakRef<Buffer>[] = [];
    for (let i = 0; i < 2000; i++) {
      a.append(draftOf('"m"', JSON.stringify("p".repeat(1000))), END);
      a.newest().forEachPiece((bytes) => {
        if (chunks.at(-1)?.deref() !== bytes) chunks.push(new WeakRef(bytes));
      });
    }
    // Within one turn of the event loop, a weak reference holds as well as any.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(chunks.length).toBeGreaterThan(100);
    expect(chunks.filter((chunk) => chunk.deref() !== undefined).length).toBeLessThan(30);
    expect(queue.count).toBe(3);
  });
});

test("a queue that never runs empty lets go of what the client has taken", async () => {
  const [queue, a] = [new SessionQueue(), newLog("a")];
  const bytes = Array.from({ length: 1000 }, () => Buffer.alloc(10));
  const taken = bytes.map((buffer) => new WeakRef(buffer));
  for (const [i, buffer] of bytes.splice(0).entries()) {
    queue.pushReply(buffer, 0, 10);
    push(queue, a);
    if (i >= 5) for (let n = 0; n < 2; n++) queue.next(1000, notice);
  }
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(queue.count).toBe(10);
  expect(taken.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(50);
});
