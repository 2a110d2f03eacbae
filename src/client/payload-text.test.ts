import fc from "fast-check";
import { expect, test } from "vitest";
import { encodedEvent } from "../../test/support/encoded-event.ts";
import { SEED } from "../../test/support/seed.ts";
import { payloadText } from "./payload-text.ts";

const TS = "2025-01-15T10:00:00.123Z";

test(`the payload's text is what the server put in, whatever lies around it (seed ${SEED})`, () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom('"payload":', '\\","payload":{', "}]", '"}'));
  fc.assert(
    fc.property(text, text, fc.json(), fc.constantFrom("", "  "), (topic, id, payload, space) => {
      const json = `${space}${payload}${space}`;
      const event = encodedEvent(JSON.stringify(topic), JSON.stringify(id), json, 7, TS);
      expect(payloadText(event)).toBe(payload.trim());
    }),
    { seed: SEED },
  );
});

test("it is found in any order of keys, with keys that are new, and among payloads within", () => {
  const found = (message: string) =>
    payloadText(`{"payload":0,"x":[[{"payload":1}]],"type":"payload","message":${message}}`);
  expect(found('{"payload":12345678901234567890,"id":"m"}')).toBe("12345678901234567890");
  expect(found('{"new":[{"payload":2}],"id":"payload","payload":{"payload":[1e400]}}')).toBe('{"payload":[1e400]}');
  expect(found('{"id":"m", "payload" : "a\\\\" }')).toBe('"a\\\\"');
});
