import { describe, expect, test, vi } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { Timestamps } from "../core/clock.ts";
import { draftOf } from "../core/draft.ts";
import { textsOf } from "../core/log.ts";
import { Range } from "../core/range.ts";
import { encodeHistoryEntry, eventParts } from "../protocol/encode.ts";
import { MemoryEngine } from "./memory.ts";

function open({ capacity = 3, maxBytes = Number.POSITIVE_INFINITY, name = "a" } = {}) {
  const clock = new FakeClock();
  let epochs = 0;
  const engine = new MemoryEngine(capacity, new Timestamps(clock), () => `epoch-${++epochs}`, maxBytes);
  /** The newest offset at each call. */
  const appended: number[] = [];
  const topic = { name, nameJson: JSON.stringify(name) };
  const stream = engine.open(topic, () => {
    appended.push(stream.log.newestOffset);
    stream.log.flushed();
  });
  return { appended, clock, engine, stream, topic };
}

const DRAFT = draftOf('"m\\u0031"', '{ "n": 1e400 }');

function eventsOf(range: Range | undefined) {
  return range === undefined ? [] : textsOf(range);
}

function offsetsOf(range: Range | undefined): number[] {
  return eventsOf(range).map((event) => event.offset);
}

describe("a stream in memory", () => {
  test("numbers events from 1, at once, and reports each before it returns", () => {
    const { appended, stream } = open();
    expect(stream.log.newestOffset).toBe(0);
    expect([stream.publish(DRAFT), stream.publish(DRAFT)]).toEqual([1, 2]);
    expect([stream.log.newestOffset, appended]).toEqual([2, [1, 2]]);
  });

  test("encodes an event once, with what the publisher wrote", () => {
    const { clock, stream, topic } = open({ name: 'é"' });
    clock.advance(123);
    stream.publish(DRAFT);
    const text =
      '{"type":"event","topic":"é\\"","message":{"id":"m\\u0031","payload":{ "n": 1e400 }},"offset":1,"ts":"2025-01-15T10:00:00.123Z"}';
    expect(eventsOf(stream.log.last(1))).toEqual([{ topic, offset: 1, text }]);
    expect(stream.log.event(1)).toEqual({ topic, offset: 1, text });
  });

  test("keeps the newest events, and their first time stamps", () => {
    const { clock, stream } = open();
    for (let i = 0; i < 5; i++) {
      stream.publish(DRAFT);
      clock.advance(1000);
    }
    const { log } = stream;
    expect(offsetsOf(log.last(2))).toEqual([4, 5]);
    expect(offsetsOf(log.last(100))).toEqual([3, 4, 5]);
    expect(log.last(0)).toBeUndefined();
    const seconds = eventsOf(log.last(3)).map((event) => eventParts(event).ts.slice(17, 19));
    expect(seconds).toEqual(["02", "03", "04"]);
  });

  test("knows whether it holds all that came after an offset", () => {
    const { stream } = open();
    const held = () => [0, 1, 2, 3, 4, 5, 6].filter((offset) => stream.log.holdsAllAfter(offset));
    expect(held()).toEqual([0]);
    for (let i = 0; i < 5; i++) stream.publish(DRAFT);
    expect(held()).toEqual([2, 3, 4, 5]);
  });

  test("keeps nothing where the capacity is 0, and counts all the same", () => {
    const { appended, stream } = open({ capacity: 0 });
    for (let i = 0; i < 2; i++) stream.publish(DRAFT);
    const { log } = stream;
    expect([appended, log.last(5), log.event(2), log.oldestOffset]).toEqual([[1, 2], undefined, undefined, 0]);
    expect([log.holdsAllAfter(1), log.holdsAllAfter(2)]).toEqual([false, true]);
  });

  test("is its own incarnation: the next one starts at 1, with another epoch and nothing to replay", () => {
    const { engine, stream, topic } = open();
    stream.publish(DRAFT);
    const next = engine.open(topic, () => {});
    expect([stream.log.epoch, next.log.epoch]).toEqual(["epoch-1", "epoch-2"]);
    expect([next.log.newestOffset, next.log.last(5)]).toEqual([0, undefined]);
  });
});

function openWithIds(capacity = 3) {
  const { stream } = open({ capacity, name: 'a "topic"' });
  const publish = (...ids: readonly string[]) => {
    for (const id of ids) stream.publish(draftOf(JSON.stringify(id), "[ 9007199254740993 ]"));
  };
  const find = (idJson: string) => stream.find(draftOf(idJson, "0"));
  return { find, publish, stream };
}

describe("ids and parts of held events", () => {
  test("finds the first event of an id, while it holds it", () => {
    const { find, publish } = openWithIds();
    publish("a", "b");
    expect([find('"a"'), find('"b"'), find('"c"')]).toEqual([1, 2, undefined]);
    publish("c", "d");
    expect([find('"a"'), find('"b"'), find('"d"')]).toEqual([undefined, 2, 4]);
  });

  test("knows an id that is written with escapes", () => {
    const { find, publish } = openWithIds();
    publish("a");
    expect(find('"\\u0061"')).toBe(1);
  });

  test("finds a later event of an id once the first one is gone", () => {
    const { find, publish } = openWithIds();
    publish("x", "x", "y");
    expect(find('"x"')).toBe(1);
    publish("y");
    expect(find('"x"')).toBe(2);
    publish("y");
    expect([find('"x"'), find('"y"')]).toEqual([undefined, 3]);
  });

  test("finds the ids that are left once events were evicted, and does not read those events for that", () => {
    const { engine, stream } = open({ capacity: 10_000, maxBytes: 100_000 });
    const publish = (id: number) => stream.publish(draftOf(`"${id}"`, `"${"x".repeat(100)}"`));
    const find = (id: number) => stream.find(draftOf(`"${id}"`, "0"));
    for (let id = 1; id <= 2000; id++) publish(id);
    expect([find(1), find(2000)]).toEqual([undefined, 2000]);
    const evictedBefore = engine.history.evictedCount;
    using reads = vi.spyOn(Range.prototype, "forEachFrame");
    for (let id = 2001; id <= 4000; id++) {
      const { oldestOffset } = stream.log;
      expect([find(oldestOffset - 1), find(oldestOffset), find(id)]).toEqual([undefined, oldestOffset, undefined]);
      publish(id);
    }
    expect(engine.history.evictedCount - evictedBefore).toBeGreaterThan(1500);
    expect(reads).not.toHaveBeenCalled();
  });

  test("finds nothing where nothing is kept", () => {
    const { find, publish } = openWithIds(0);
    expect(find('"a"')).toBeUndefined();
    publish("a");
    expect(find('"a"')).toBeUndefined();
  });

  test("gives the publisher's own texts back out of an encoded event", () => {
    const { publish, stream } = openWithIds();
    publish('an "id"');
    const event = stream.log.event(1);
    if (event === undefined) throw new Error("no event");
    expect(eventParts(event)).toEqual({
      idJson: '"an \\"id\\""',
      payloadJson: "[ 9007199254740993 ]",
      ts: "2025-01-15T10:00:00.000Z",
    });
    expect(encodeHistoryEntry(event)).toBe(
      '{"offset":1,"id":"an \\"id\\"","payload":[ 9007199254740993 ],"ts":"2025-01-15T10:00:00.000Z"}',
    );
  });
});
