import { describe, expect, test } from "vitest";
import { decodeText } from "../../test/support/decoded.ts";
import { createDecoder } from "./decode.ts";
import { PublishMemo } from "./publish-memo.ts";

const decode = createDecoder(0);

/** A client that publishes. */
class Publisher {
  readonly memo = new PublishMemo();

  publish(text: string) {
    return decodeText(decode, text, "", this.memo);
  }

  /** Whether the memo knows the shape of a text. */
  knows(text: string): boolean {
    return this.memo.match(Buffer.from(text), 0, text.length);
  }
}

const publish = (id: string, payload: unknown, topic = "t") =>
  JSON.stringify({ type: "publish", topic, message: { id, payload } });
const reversed = (id: string) => `{"message":{"payload":1,"id":"${id}"},"topic":"t","type":"publish"}`;

describe("a publish memo", () => {
  test("knows the shape of the first publish, whatever the values are", () => {
    const publisher = new Publisher();
    expect(publisher.knows(publish("m", 1))).toBe(false);
    publisher.publish(publish("m", 1));
    expect(publisher.knows(publish("another", { a: ['"'] }, "u"))).toBe(true);
    expect(publisher.knows(`${publish("m", 1)} `)).toBe(false);
    expect(publisher.knows(reversed("m"))).toBe(false);
  });

  test("replaces the shape after four publishes in a row that have another one", () => {
    const publisher = new Publisher();
    publisher.publish(publish("m", 1));
    for (let i = 0; i < 3; i++) publisher.publish(reversed("m"));
    expect(publisher.knows(publish("m", 1))).toBe(true);
    for (let i = 0; i < 4; i++) publisher.publish(reversed("m"));
    expect(publisher.knows(reversed("n"))).toBe(true);
    expect(publisher.knows(publish("m", 1))).toBe(false);
  });

  test("does not keep a shape of more than 256 bytes besides the values", () => {
    const publisher = new Publisher();
    const padded = (length: number) => `{"extra":"${"x".repeat(length)}",${publish("m", 1).slice(1)}`;
    const rest = padded(0).length - '"t""m"1'.length;
    publisher.publish(padded(257 - rest));
    expect(publisher.knows(padded(257 - rest))).toBe(false);
    publisher.publish(padded(256 - rest));
    expect(publisher.knows(padded(256 - rest))).toBe(true);
  });

  test("reads a topic's name anew where it is not the last one", () => {
    const publisher = new Publisher();
    const long = "l".repeat(200);
    const topics = ["a", "b", "b", "\u00e9", long, long, "a"].map((topic) => publisher.publish(publish("m", 1, topic)));
    expect(topics).toMatchObject(["a", "b", "b", "\u00e9", long, long, "a"].map((topic) => ({ topic })));
  });
});
