import { expect, test } from "vitest";
import { FrameTemplate } from "./frame-template.ts";
import { MARKER_LENGTH, type Marker, markerPrefix, payloadTemplate } from "./marker.ts";
import { MarkerScanner } from "./marker-scanner.ts";

const RUN = 4711;

function message(stream: number, sequence: number, timeUs: number, length = 64): Buffer {
  const template = new FrameTemplate(Buffer.from(`{"payload":"${payloadTemplate(RUN, stream, length)}"}`));
  return Buffer.from(template.fill(sequence, timeUs));
}

function found(...chunks: readonly Buffer[]): Marker[] {
  const markers: Marker[] = [];
  const scanner = new MarkerScanner(markerPrefix(RUN), (marker) => markers.push(marker));
  for (const chunk of chunks) scanner.scan(chunk);
  return markers;
}

const WANTED = [
  { stream: 7, sequence: 12, timeUs: 1_234_567 },
  { stream: 99_999, sequence: 999_999_999, timeUs: 99_999_999_999 },
  { stream: 0, sequence: 0, timeUs: 0 },
];
// The second marker follows the first at once, the third ends the bytes.
const BYTES = Buffer.concat([
  Buffer.from("~~004711~004"),
  message(7, 12, 1_234_567, MARKER_LENGTH),
  message(99_999, 999_999_999, 99_999_999_999, MARKER_LENGTH),
  Buffer.from("~00471"),
  message(0, 0, 0, MARKER_LENGTH).subarray(0, -2),
]);

test("finds all markers in one chunk", () => {
  expect(found(BYTES)).toEqual(WANTED);
});

test("finds the same markers wherever the bytes are cut in two", () => {
  for (let cut = 0; cut <= BYTES.length; cut++) {
    expect(found(BYTES.subarray(0, cut), BYTES.subarray(cut))).toEqual(WANTED);
  }
});

test("finds the same markers wherever the bytes are cut in three", () => {
  for (let first = 0; first <= BYTES.length; first++) {
    for (let second = first; second <= BYTES.length; second++) {
      const chunks = [BYTES.subarray(0, first), BYTES.subarray(first, second), BYTES.subarray(second)];
      expect(found(...chunks)).toEqual(WANTED);
    }
  }
});

test("finds the same markers in chunks of any one size", () => {
  for (let size = 1; size <= BYTES.length; size++) {
    const chunks = Array.from({ length: Math.ceil(BYTES.length / size) }, (_, index) =>
      BYTES.subarray(index * size, (index + 1) * size),
    );
    expect(found(...chunks)).toEqual(WANTED);
  }
});

test("does not find another run's markers", () => {
  const other = new MarkerScanner(markerPrefix(RUN + 1), () => {
    throw new Error("found one");
  });
  other.scan(BYTES);
});

test("does not find a marker twice when the chunk after it is empty", () => {
  expect(found(BYTES, Buffer.alloc(0), BYTES.subarray(0, 3), Buffer.alloc(0))).toEqual(WANTED);
});
