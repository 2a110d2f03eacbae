import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { textsOfFrames } from "../../test/support/frame-texts.ts";
import { SEED } from "../../test/support/seed.ts";
import { encodeEnd } from "../protocol/encode.ts";
import { draftOf } from "./draft.ts";
import { Log, textsOf } from "./log.ts";
import type { Range } from "./range.ts";

const END = encodeEnd("2025-01-15T10:00:00.123Z");
const COUNT = 60;

/** A log of events of mixed sizes in many chunks. */
function filled(capacity = COUNT): Log {
  const log = new Log({ name: "a", nameJson: '"a"' }, "epoch-1", capacity);
  for (let offset = 1; offset <= COUNT; offset++) append(log, offset);
  return log;
}

function append(log: Log, offset: number): void {
  log.append(draftOf('"m"', JSON.stringify("p".repeat((offset * 37) % 300))), END);
}

/** All events of a full log. */
function all(log = filled()): Range {
  const range = log.last(COUNT);
  if (range === undefined) throw new Error("the log is empty");
  return range;
}

function offsetsOf(range: Range | undefined): number[] | undefined {
  return range && textsOf(range).map(({ offset }) => offset);
}

function from(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** Holds what a range says of itself to its frames. */
function check(range: Range, first: number, last: number): void {
  expect([range.fromOffset, range.toOffset, range.count]).toEqual([first, last, last - first + 1]);
  const frames = range.frames();
  const texts = textsOfFrames(frames, 0, frames.length);
  expect(texts.map((text) => JSON.parse(text).offset)).toEqual(from(first, last));
  expect(texts).toEqual(textsOf(range).map(({ text }) => text));
  expect(range.sizeBytes).toBe(frames.length);
  const pieces: Buffer[] = [];
  range.forEachPiece((bytes, start, end) => pieces.push(bytes.subarray(start, end)));
  expect(Buffer.concat(pieces).equals(frames)).toBe(true);
}

describe(`a range (seed ${SEED})`, () => {
  test("can be cut anywhere, from both sides, and joined again", () => {
    const range = all();
    const cuts = fc.tuple(fc.integer({ min: 0, max: COUNT - 1 }), fc.integer({ min: 1, max: COUNT }));
    fc.assert(
      fc.property(cuts, ([skipped, kept]) => {
        const rest = range.skip(skipped);
        if (rest === undefined) throw new Error("nothing is left");
        check(rest, skipped + 1, COUNT);
        const count = Math.min(kept, rest.count);
        const first = rest.first(count);
        check(first, skipped + 1, skipped + count);
        const last = rest.skip(count);
        if (last === undefined) return;
        expect(first.isFollowedBy(last)).toBe(true);
        check(first.joinedWith(last), skipped + 1, COUNT);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test("tells how many events fit into so many bytes, and at least one", () => {
    const range = all();
    fc.assert(
      fc.property(fc.nat({ max: COUNT - 1 }), fc.nat({ max: range.sizeBytes + 100 }), (skipped, maxBytes) => {
        const rest = range.skip(skipped) ?? range;
        const count = rest.countWithin(maxBytes);
        expect(count).toBeGreaterThanOrEqual(1);
        if (count > 1) expect(rest.first(count).sizeBytes).toBeLessThanOrEqual(maxBytes);
        if (count < rest.count) expect(rest.first(count + 1).sizeBytes).toBeGreaterThan(maxBytes);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test("ends where nothing is left", () => {
    const range = all();
    expect([offsetsOf(range.skip(COUNT)), offsetsOf(range.skip(COUNT + 5))]).toEqual([undefined, undefined]);
    expect(offsetsOf(range.skip(COUNT - 1))).toEqual([COUNT]);
  });

  test("stays whole when its log has dropped its chunks, and counts them as kept alive", () => {
    const log = filled(3);
    const range = log.newest();
    expect(range.bytesBehindLog).toBe(0);
    for (let offset = COUNT + 1; offset <= 5 * COUNT; offset++) append(log, offset);
    const extended = log.extended(range);
    check(extended, COUNT, 5 * COUNT);
    check(extended.skip(10) ?? extended, COUNT + 10, 5 * COUNT);
    expect(extended.bytesBehindLog).toBeGreaterThan(extended.sizeBytes / 2);
    expect(extended.bytesBehindLog).toBeLessThan(extended.sizeBytes * 1.5);
  });

  test("is passed on without a copy where it stands in one chunk", () => {
    const range = all().first(1);
    const pieces: [Buffer, number][] = [];
    range.forEachPiece((bytes, start) => pieces.push([bytes, start]));
    const [[bytes, start] = [Buffer.alloc(0), -1]] = pieces;
    expect(pieces).toHaveLength(1);
    const frames = range.frames();
    expect([frames.buffer === bytes.buffer, frames.byteOffset - bytes.byteOffset]).toEqual([true, start]);
  });

  test("is cut and joined once for all that need the same", () => {
    const log = filled(COUNT + 2);
    const one = log.last(20);
    const other = log.last(20);
    append(log, COUNT + 1);
    const next = log.newest();
    const joined = one?.joinedWith(next);
    expect(other?.joinedWith(next)).toBe(joined);
    expect(joined?.skip(3)).toBe(joined?.skip(3));
    expect(offsetsOf(joined?.skip(3))).toEqual(from(COUNT - 16, COUNT + 1));
    expect(offsetsOf(joined?.skip(4))).toEqual(from(COUNT - 15, COUNT + 1));
    expect(offsetsOf(log.last(11)?.first(10).joinedWith(next))).toEqual(from(COUNT - 9, COUNT + 1));
    expect(joined?.skip(3)?.first(5)).toBe(joined?.skip(3)?.first(5));
    expect(offsetsOf(joined?.skip(3)?.first(6))).toEqual(from(COUNT - 16, COUNT - 11));
    next.forgetShared();
    expect(other?.joinedWith(next)).not.toBe(joined);
  });

  test("lets go of what was made of its parts with its own", () => {
    const range = all();
    const [start, rest] = [range.first(20), range.skip(20)];
    const middle = rest?.first(20);
    expect([range.first(20), range.skip(20)?.first(20)]).toEqual([start, middle]);
    range.forgetShared();
    expect(range.first(20)).not.toBe(start);
    expect(range.skip(20)?.first(20)).not.toBe(middle);
  });

  test("is encoded once for all who share it, until it lets go", () => {
    const range = all();
    let calls = 0;
    const encoder = (of: Range) => Buffer.from(`${of.count} ${++calls}`);
    expect([range.encodedBy(encoder), range.encodedBy(encoder)].map(String)).toEqual([`${COUNT} 1`, `${COUNT} 1`]);
    const other = () => Buffer.from("other");
    expect(range.encodedBy(other).toString()).toBe("other");
    range.forgetShared();
    expect(range.encodedBy(encoder).toString()).toBe(`${COUNT} 2`);
  });
});

describe("a detached range", () => {
  test("has the same events in memory of its own", () => {
    const range = all().skip(5)?.first(30) ?? all();
    const copy = range.detached();
    check(copy, 6, 35);
    expect(copy.frames().equals(range.frames())).toBe(true);
    expect([copy.isDetached, range.isDetached, copy.bytesBehindLog]).toEqual([true, false, range.sizeBytes]);
    check(copy.skip(7) ?? copy, 13, 35);
    check(copy.first(7), 6, 12);
    expect(copy.skip(7)?.isDetached).toBe(true);
  });

  test("is not joined with what follows in the log, which stands elsewhere", () => {
    const range = all();
    const [first, next] = [range.first(10), range.skip(10) ?? range];
    expect(first.isFollowedBy(next)).toBe(true);
    expect([first.detached().isFollowedBy(next), first.isFollowedBy(next.detached())]).toEqual([false, false]);
    expect([range.first(9).isFollowedBy(next), first.isFollowedBy(all().skip(10) ?? range)]).toEqual([false, false]);
  });
});
