import { connect } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deferred } from "../src/client/deferred.ts";
import { Bystander } from "./support/bystander.ts";
import { TestClient } from "./support/client.ts";
import { within } from "./support/mailbox.ts";
import { SEED } from "./support/seed.ts";
import { ServerProcess } from "./support/server-process.ts";

// Random input to a live server. `FC_SEED` with the seed from a test's name repeats a run.

const TIMEOUT_MS = 120_000;
const parameters = (numRuns: number) => ({ seed: SEED, numRuns, interruptAfterTimeLimit: TIMEOUT_MS / 2 });

const name = fc.oneof(fc.constantFrom("t", "u", ""), fc.string(), fc.integer());
const request = fc
  .record(
    {
      type: fc.oneof(fc.constantFrom("subscribe", "unsubscribe", "publish", "ping"), fc.string()),
      topic: name,
      client_id: name,
      message: fc.oneof(fc.record({ id: name, payload: fc.jsonValue() }, { requiredKeys: [] }), fc.jsonValue()),
      last_n: fc.oneof(fc.integer({ min: -1, max: 101 }), fc.jsonValue()),
      since: fc.oneof(fc.record({ epoch: fc.string(), offset: fc.integer() }), fc.jsonValue()),
      request_id: fc.oneof(fc.string(), fc.jsonValue()),
    },
    { requiredKeys: ["type"] },
  )
  .map((value) => JSON.stringify(value));

/** A text with a piece of it replaced. */
const mutated = fc
  .tuple(
    request,
    fc.nat(),
    fc.nat(5),
    fc.oneof(fc.string({ unit: "binary", maxLength: 3 }), fc.constantFrom(...'{}[]",:\\')),
  )
  .map(([text, at, length, piece]) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + piece + text.slice(start + length);
  });

const text = fc.oneof(request, mutated, fc.json(), fc.string({ unit: "binary" }));

const frame = fc.record({
  opcode: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 1, 2, 8, 9, 10) }, { weight: 1, arbitrary: fc.nat(15) }),
  payload: fc.oneof(text, fc.uint8Array({ maxLength: 200 })),
  fin: fc.boolean(),
  reserved: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(7) }),
  masked: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
});

describe("a live server", () => {
  test(
    `gives any text exactly one answer (seed ${SEED})`,
    async () => {
      await using server = await ServerProcess.start();
      using bystander = await Bystander.connect(server.port);
      using client = await TestClient.connect(server.port);
      await fc.assert(
        fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 20 }), async (texts) => {
          for (const each of texts) client.send(each);
          // Some of them subscribe, and get events besides.
          const answers = (await client.settled()).filter((message) => message.type !== "event");
          expect(answers).toHaveLength(texts.length);
        }),
        parameters(1000),
      );
      await bystander.expectService();
      expect((await server.stats()).internal_errors).toBe(0);
    },
    TIMEOUT_MS,
  );

  test(
    `lives through any frames, and serves others meanwhile (seed ${SEED})`,
    async () => {
      await using server = await ServerProcess.start();
      using bystander = await Bystander.connect(server.port);
      await fc.assert(
        fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 10 }), async (frames) => {
          using client = await TestClient.connect(server.port);
          for (const each of frames) client.sendFrame(each);
          await bystander.expectService();
        }),
        parameters(500),
      );
      expect((await server.stats()).internal_errors).toBe(0);
    },
    TIMEOUT_MS,
  );

  test(
    `lives through any bytes, on a WebSocket and instead of a request (seed ${SEED})`,
    async () => {
      await using server = await ServerProcess.start();
      using bystander = await Bystander.connect(server.port);
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 500 }), async (bytes) => {
          using client = await TestClient.connect(server.port);
          client.sendBytes(bytes);
          await sendToPort(server.port, bytes);
          await bystander.expectService();
        }),
        parameters(300),
      );
      expect((await server.stats()).internal_errors).toBe(0);
    },
    TIMEOUT_MS,
  );
});

/** Sends bytes over a connection of their own, and ends it. */
async function sendToPort(port: number, bytes: Uint8Array): Promise<void> {
  const ended = deferred<void>();
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => {});
  socket.on("close", () => ended.resolve());
  socket.resume();
  socket.end(bytes);
  await within(ended.promise, "the connection's end", 20_000);
}
