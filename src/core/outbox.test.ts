import { describe, expect, test } from "bun:test";
import type { Event, TopicName } from "./engine.ts";
import { type Loss, Outbox, textOf } from "./outbox.ts";

const A: TopicName = { name: "a", nameJson: '"a"' };
const B: TopicName = { name: "b", nameJson: '"b"' };

function event(topic: TopicName, offset: number, sizeBytes = 10): Event {
  return { topic, offset, text: `${topic.name}${offset}`, sizeBytes };
}

function notice({ dropped, fromOffset, toOffset, topic }: Loss): string {
  return `${topic.name} lost ${dropped}: ${fromOffset}-${toOffset}`;
}

function outbox({ maxBytes = 1_000_000, maxMessages = 3 } = {}): Outbox {
  return new Outbox({ maxBytes, maxMessages });
}

function takeAll(box: Outbox): string[] {
  const texts: string[] = [];
  for (let message = box.next(notice); message !== undefined; message = box.next(notice)) texts.push(textOf(message));
  return texts;
}

describe("an outbox with room", () => {
  test("gives back all in order, and nothing besides", () => {
    const box = outbox();
    expect([box.offer("ack"), box.offer(event(A, 1)), box.offer(event(B, 1))]).toEqual(["queued", "queued", "queued"]);
    expect([box.count, box.bytes, box.isEmpty]).toEqual([3, 23, false]);
    expect(takeAll(box)).toEqual(["ack", "a1", "b1"]);
    expect([box.count, box.bytes, box.isEmpty]).toEqual([0, 0, true]);
  });

  test("knows what fits, by messages and by bytes", () => {
    const box = outbox({ maxBytes: 30, maxMessages: 2 });
    expect([box.fits(event(A, 1, 30)), box.fits(event(A, 1, 31)), box.fits("x".repeat(31))]).toEqual([
      true,
      false,
      false,
    ]);
    box.offer(event(A, 1, 10));
    expect([box.fits(event(A, 2, 20)), box.fits(event(A, 2, 21))]).toEqual([true, false]);
    box.offer("");
    expect(box.fits("")).toBe(false);
  });
});

describe("a full outbox", () => {
  test("drops the oldest event for the newest, and tells it before the topic's next event", () => {
    const box = outbox();
    for (const offset of [1, 2, 3]) box.offer(event(A, offset));
    expect(box.offer(event(A, 4))).toBe("dropped");
    expect(box.offer(event(A, 5))).toBe("dropped");
    expect([box.count, box.droppedSinceProgress]).toEqual([3, 2]);
    expect(takeAll(box)).toEqual(["a lost 2: 1-2", "a3", "a4", "a5"]);
    expect(box.isEmpty).toBe(true);
  });

  test("never drops an answer", () => {
    const box = outbox();
    box.offer("ack 1");
    box.offer(event(A, 1));
    box.offer("ack 2");
    expect(box.offer("ack 3")).toBe("dropped");
    expect(box.offer("ack 4")).toBe("full");
    expect(takeAll(box)).toEqual(["ack 1", "ack 2", "ack 3", "a lost 1: 1-1"]);
  });

  test("loses the newest event where only answers wait", () => {
    const box = outbox();
    for (const ack of ["1", "2", "3"]) box.offer(ack);
    expect(box.offer(event(A, 7))).toBe("dropped");
    expect(takeAll(box)).toEqual(["1", "2", "3", "a lost 1: 7-7"]);
  });

  test("accounts for each topic, and tells last of topics that have nothing more to come", () => {
    const box = outbox();
    box.offer(event(A, 1));
    box.offer(event(B, 5));
    box.offer(event(A, 2));
    box.offer(event(B, 6));
    box.offer(event(B, 7));
    box.offer(event(B, 8));
    expect(takeAll(box)).toEqual(["b lost 1: 5-5", "b6", "b7", "b8", "a lost 2: 1-2"]);
  });

  test("tells of a topic without delaying another one", () => {
    const box = outbox();
    for (const message of [event(A, 1), event(B, 1), "ack", event(A, 2)]) box.offer(message);
    expect(takeAll(box)).toEqual(["b1", "ack", "a lost 1: 1-1", "a2"]);
  });

  test("tells anew of what is lost after a notice", () => {
    const box = outbox({ maxMessages: 1 });
    for (const offset of [1, 2]) box.offer(event(A, offset));
    expect(box.next(notice)).toBe("a lost 1: 1-1");
    box.offer(event(A, 3));
    expect(takeAll(box)).toEqual(["a lost 1: 2-2", "a3"]);
  });

  test("says that the client stalls once a whole further queue is lost without progress", () => {
    const box = outbox();
    for (const offset of [1, 2, 3]) box.offer(event(A, offset));
    const verdicts = [4, 5, 6, 7].map((offset) => box.offer(event(A, offset)));
    expect(verdicts).toEqual(["dropped", "dropped", "stalled", "stalled"]);
    box.noteProgress();
    expect(box.droppedSinceProgress).toBe(0);
    expect(box.offer(event(A, 8))).toBe("dropped");
  });

  test("keeps within its bytes, at the cost of as many events as it takes", () => {
    const box = outbox({ maxBytes: 100, maxMessages: 100 });
    for (const offset of [1, 2, 3, 4]) box.offer(event(A, offset, 25));
    expect(box.offer(event(A, 5, 60))).toBe("dropped");
    expect([box.count, box.bytes]).toEqual([2, 85]);
    expect(takeAll(box)).toEqual(["a lost 3: 1-3", "a4", "a5"]);
  });

  test("loses an event larger than itself, and nothing for its sake", () => {
    const box = outbox({ maxBytes: 100 });
    box.offer(event(A, 1, 50));
    expect(box.offer(event(A, 2, 101))).toBe("dropped");
    expect(takeAll(box)).toEqual(["a lost 1: 2-2", "a1"]);
  });

  test("has no room for an answer larger than itself", () => {
    const box = outbox({ maxBytes: 100 });
    box.offer(event(A, 1, 50));
    expect(box.offer("x".repeat(101))).toBe("full");
    expect(takeAll(box)).toEqual(["a1"]);
  });
});

describe("an outbox", () => {
  test("takes what does not fit where it is pushed", () => {
    const box = outbox({ maxBytes: 10 });
    box.push(event(A, 1, 5000));
    expect([box.count, box.bytes]).toEqual([1, 5000]);
    expect(takeAll(box)).toEqual(["a1"]);
  });

  test("forgets messages and losses when it is cleared", () => {
    const box = outbox({ maxMessages: 1 });
    for (const offset of [1, 2]) box.offer(event(A, offset));
    box.clear("disconnected");
    expect([box.count, box.bytes, box.isEmpty]).toEqual([0, 0, true]);
    expect(takeAll(box)).toEqual([]);
    expect(box.offer(event(A, 3))).toBe("queued");
    expect(takeAll(box)).toEqual(["a3"]);
  });

  test("is not empty while a loss is untold", () => {
    const box = outbox({ maxBytes: 100 });
    box.offer(event(A, 1, 101));
    expect([box.count, box.isEmpty]).toEqual([0, false]);
    expect(takeAll(box)).toEqual(["a lost 1: 1-1"]);
  });

  test("lets go of what the client has taken, also where it never runs empty", async () => {
    const box = outbox({ maxMessages: 10 });
    const taken: WeakRef<Event>[] = [];
    for (let offset = 1; offset <= 1000; offset++) {
      const next = event(A, offset);
      taken.push(new WeakRef(next));
      box.offer(next);
      if (offset > 5) box.next(notice);
    }
    // Within one turn of the event loop, a weak reference holds as well as any.
    await new Promise((resolve) => setImmediate(resolve));
    Bun.gc(true);
    const held = taken.filter((reference) => reference.deref() !== undefined).length;
    expect(box.count).toBe(5);
    // Some are garbage that has not been found yet.
    expect(held).toBeLessThan(200);
  });
});
