import { expect, test } from "vitest";
import { protocols } from "../peers/protocols.ts";
import { PeerName } from "../scenario.ts";
import { FrameTemplate } from "./frame-template.ts";
import { markerPrefix, payloadTemplate, SEQUENCE_SLOT } from "./marker.ts";
import { MarkerScanner } from "./marker-scanner.ts";

test("writes sequence and time into every peer's publication, and leaves its length alone", () => {
  for (const peer of PeerName.options) {
    const frame = protocols[peer].publish("topic", `m${SEQUENCE_SLOT}`, payloadTemplate(1, 5, 128));
    const template = new FrameTemplate(frame);
    const markers: unknown[] = [];
    const scanner = new MarkerScanner(markerPrefix(1), (marker) => markers.push(marker));
    expect(template.fill(3, 40).length).toBe(frame.length);
    scanner.scan(template.fill(4, 50));
    expect(markers).toEqual([{ stream: 5, sequence: 4, timeUs: 50 }]);
    expect(template.fill(4, 50).includes("%")).toBe(false);
  }
});

test("refuses bytes that no marker can be written into", () => {
  expect(() => new FrameTemplate(Buffer.from("no slots"))).toThrow("without its slots");
});

test("refuses payloads that are shorter than a marker", () => {
  expect(() => payloadTemplate(1, 1, 10)).toThrow(RangeError);
});
