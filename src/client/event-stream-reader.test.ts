import { expect, test } from "vitest";
import { EventStreamReader } from "./event-stream-reader.ts";

const BYTES = new TextEncoder().encode(
  ': hello\n\nevent: session\ndata: {"id":"ü☃𝄞"}\n\ndata: first\r\ndata:second\r\n\r\nid: 1\nretry: 5\ndata\rdata:  x\r\revent: empty\n\ndata: last\n\ndata: unfinished',
);
const EVENTS = [
  { name: "session", data: '{"id":"ü☃𝄞"}' },
  { name: "message", data: "first\nsecond" },
  { name: "message", data: "\n x" },
  { name: "message", data: "last" },
];

test("events are read as the standard says, with any line endings", () => {
  expect(new EventStreamReader().read(BYTES)).toEqual(EVENTS);
});

test.each([1, 2, 3, 7])("they are the same in pieces of %d bytes, wherever those are cut", (length) => {
  const reader = new EventStreamReader();
  const events = [];
  for (let start = 0; start < BYTES.length; start += length) {
    events.push(...reader.read(BYTES.subarray(start, start + length)));
  }
  expect(events).toEqual(EVENTS);
});

test("they are the same in two pieces, cut at any byte", () => {
  for (let cut = 0; cut <= BYTES.length; cut++) {
    const reader = new EventStreamReader();
    expect([...reader.read(BYTES.subarray(0, cut)), ...reader.read(BYTES.subarray(cut))]).toEqual(EVENTS);
  }
});

test("an event without end is refused", () => {
  const reader = new EventStreamReader(1000);
  const line = new TextEncoder().encode(`data: ${"x".repeat(90)}\n`);
  expect(() => {
    for (let i = 0; i < 20; i++) reader.read(line);
  }).toThrow(RangeError);
  const endless = new EventStreamReader(1000);
  expect(() => endless.read(new Uint8Array(2000).fill(120))).toThrow(RangeError);
});

test("a long event in many pieces takes no longer than a short one for each of its bytes", () => {
  const piece = new TextEncoder().encode("x".repeat(4096));
  const reader = new EventStreamReader();
  reader.read(new TextEncoder().encode("data: "));
  const startMs = performance.now();
  for (let i = 0; i < 8192; i++) reader.read(piece);
  const [event] = reader.read(new TextEncoder().encode("\n\n"));
  expect(event?.data.length).toBe(8192 * 4096);
  // It took minutes when each piece was looked through together with all before it.
  expect(performance.now() - startMs).toBeLessThan(5000);
}, 60_000);
