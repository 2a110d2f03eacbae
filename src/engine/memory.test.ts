import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { Timestamps } from "../core/clock.ts";
import type { Event } from "../core/engine.ts";
import { encodeHistoryEntry, eventParts } from "../protocol/encode.ts";
import { MemoryEngine } from "./memory.ts";

function open({ capacity = 3, name = "a" } = {}) {
  const clock = new FakeClock();
  let epochs = 0;
  const engine = new MemoryEngine(capacity, new Timestamps(clock), () => `epoch-${++epochs}`);
  const delivered: Event[] = [];
  const topic = { name, nameJson: JSON.stringify(name) };
  const stream = engine.open(topic, (event) => delivered.push(event));
  return { clock, delivered, engine, stream, topic };
}

const DRAFT = { idJson: '"m\\u0031"', payloadJson: '{ "n": 1e400 }' };

function offsetsOf(events: readonly Event[] | undefined): number[] | undefined {
  return events?.map((event) => event.offset);
}

describe("a stream in memory", () => {
  test("numbers events from 1, at once, and delivers each before it returns", () => {
    const { delivered, stream } = open();
    expect(stream.newestOffset).toBe(0);
    expect([stream.publish(DRAFT), stream.publish(DRAFT)]).toEqual([1, 2]);
    expect([stream.newestOffset, offsetsOf(delivered)]).toEqual([2, [1, 2]]);
  });

  test("encodes an event once, with what the publisher wrote", () => {
    const { clock, delivered, stream, topic } = open({ name: 'é"' });
    clock.advance(123);
    stream.publish(DRAFT);
    const text =
      '{"type":"event","topic":"é\\"","message":{"id":"m\\u0031","payload":{ "n": 1e400 }},"offset":1,"ts":"2025-01-15T10:00:00.123Z"}';
    expect(delivered).toEqual([{ topic, offset: 1, text, sizeBytes: Buffer.byteLength(text) }]);
    expect(stream.newest(1)[0]).toBe(delivered[0]);
  });

  test("keeps the newest events, and their first time stamps", () => {
    const { clock, delivered, stream } = open();
    for (let i = 0; i < 5; i++) {
      stream.publish(DRAFT);
      clock.advance(1000);
    }
    expect(offsetsOf(stream.newest(2))).toEqual([4, 5]);
    expect(offsetsOf(stream.newest(100))).toEqual([3, 4, 5]);
    expect(stream.newest(0)).toEqual([]);
    expect(stream.newest(3)).toEqual(delivered.slice(2));
  });

  test("gives what came after an offset, or nothing where it can't give all", () => {
    const { stream } = open();
    expect(stream.after(0)).toEqual([]);
    expect(stream.after(1)).toBe(undefined);
    for (let i = 0; i < 5; i++) stream.publish(DRAFT);
    expect([0, 1, 2, 3, 4, 5, 6].map((offset) => offsetsOf(stream.after(offset)))).toEqual([
      undefined,
      undefined,
      [3, 4, 5],
      [4, 5],
      [5],
      [],
      undefined,
    ]);
  });

  test("without a ring keeps nothing, and counts all the same", () => {
    const { delivered, stream } = open({ capacity: 0 });
    for (let i = 0; i < 2; i++) stream.publish(DRAFT);
    expect([offsetsOf(delivered), stream.newest(5), stream.after(1), stream.after(2)]).toEqual([
      [1, 2],
      [],
      undefined,
      [],
    ]);
  });

  test("is its own incarnation: another one begins at 1, with another epoch and nothing to replay", () => {
    const { engine, stream, topic } = open();
    stream.publish(DRAFT);
    const next = engine.open(topic, () => {});
    expect([stream.epoch, next.epoch]).toEqual(["epoch-1", "epoch-2"]);
    expect([next.newestOffset, next.newest(5)]).toEqual([0, []]);
  });
});

function openWithIds(capacity = 3) {
  const { delivered: events, stream } = open({ capacity, name: 'a "topic"' });
  const publish = (...ids: readonly string[]) => {
    for (const id of ids) stream.publish({ idJson: JSON.stringify(id), payloadJson: "[ 9007199254740993 ]" });
  };
  return { events, publish, stream };
}

describe("ids and parts of held events", () => {
  test("finds the first event of an id, while it holds it", () => {
    const { publish, stream } = openWithIds();
    publish("a", "b");
    expect([stream.find('"a"'), stream.find('"b"'), stream.find('"c"')]).toEqual([1, 2, undefined]);
    publish("c", "d");
    expect([stream.find('"a"'), stream.find('"b"'), stream.find('"d"')]).toEqual([undefined, 2, 4]);
  });

  test("knows an id that is written with escapes", () => {
    const { publish, stream } = openWithIds();
    publish("a");
    expect(stream.find('"\\u0061"')).toBe(1);
  });

  test("finds a later event of an id once the first one is gone", () => {
    const { publish, stream } = openWithIds();
    publish("x", "x", "y");
    expect(stream.find('"x"')).toBe(1);
    publish("y");
    expect(stream.find('"x"')).toBe(2);
    publish("y");
    expect([stream.find('"x"'), stream.find('"y"')]).toEqual([undefined, 3]);
  });

  test("finds nothing where nothing is kept", () => {
    const { publish, stream } = openWithIds(0);
    expect(stream.find('"a"')).toBeUndefined();
    publish("a");
    expect(stream.find('"a"')).toBeUndefined();
  });

  test("gives the publisher's own texts back out of an encoded event", () => {
    const { events, publish } = openWithIds();
    publish('an "id"');
    const [event] = events;
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
