import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { FakePlatform } from "../../test/support/fake-platform.ts";
import { createClient } from "./create.ts";
import { check } from "./schema.ts";
import type { InputsOf, OutputsOf } from "./topics.ts";

const SCHEMAS = {
  zod: z.object({ id: z.string(), amount: z.coerce.number() }),
  valibot: v.object({ id: v.string(), amount: v.pipe(v.string(), v.transform(Number)) }),
  arktype: type({ id: "string", amount: "string.numeric.parse" }),
};

/** Fails to compile unless two types are the same. */
function same<A, B>(..._proof: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [never]) {}

interface Order {
  id: string;
  amount: number;
}

describe.each(["zod", "valibot", "arktype"] as const)("a schema of %s", (library) => {
  test("lets through what fits, as what it makes of it", () => {
    expect(check<Order>(SCHEMAS[library], { id: "a", amount: "7" })).toEqual({ id: "a", amount: 7 });
  });

  test("refuses what does not, and says why", () => {
    const refusal = expect.objectContaining({ code: "INVALID_PAYLOAD", message: expect.stringMatching(/\w/) });
    for (const payload of [{ id: 1, amount: "7" }, null, "order"]) {
      expect(() => check(SCHEMAS[library], payload)).toThrow(refusal);
    }
  });
});

test("schemas type what is published and what comes, and topics without one are what the application says", () => {
  const client = createClient<InputsOf<typeof SCHEMAS>, OutputsOf<typeof SCHEMAS>>(
    "ws://server/ws",
    { schemas: SCHEMAS },
    new FakePlatform(),
  );
  const published = [
    client.publish("valibot", { id: "a", amount: "7" }),
    // @ts-expect-error The schema takes a text.
    client.publish("valibot", { id: "a", amount: 7 }),
    client.publish("anything", { else: true }),
  ];
  for (const promise of published) promise.catch(() => {});
  client.subscribe("zod", {}, ({ payload }) => same<typeof payload, Order>());
  client.subscribe("valibot", {}, ({ payload }) => same<typeof payload, Order>());
  client.subscribe("arktype", {}, ({ payload }) => same<typeof payload, Order>());
  client.subscribe("anything", {}, ({ payload }) => same<typeof payload, unknown>());
  client.subscribe<Order>("anything", {}, ({ payload }) => same<typeof payload, Order>());
  const stream = client.subscribe("zod");
  same<typeof stream extends AsyncIterable<{ payload: infer P }> ? P : never, Order>();
  const bare = createClient("ws://server/ws", {}, new FakePlatform()).subscribe<Order>("zod");
  same<typeof bare extends AsyncIterable<{ payload: infer P }> ? P : never, Order>();
});

test("a schema that needs time is refused: messages would overtake each other", () => {
  const slow = z.string().refine(async () => true);
  expect(() => check(slow, "text")).toThrow("schemas must be synchronous");
});

test("a topic that is called like a property of every object has no schema by that", () => {
  const platform = new FakePlatform();
  const client = createClient("ws://server/ws", {}, platform);
  client.connect();
  platform.socket.open();
  for (const topic of ["constructor", "__proto__", "toString"]) client.publish(topic, 1).catch(() => {});
  expect(platform.socket.sent.length).toBe(3);
});
