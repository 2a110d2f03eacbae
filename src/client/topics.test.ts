import { expect, test } from "vitest";
import { FakePlatform } from "../../test/support/fake-platform.ts";
import { createClient } from "./create.ts";
import { type PayloadOf, valueFor } from "./topics.ts";

/** Fails to compile unless two types are the same. */
function same<A, B>(..._proof: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [never]) {}

interface Order {
  readonly amount: number;
}
interface Price {
  readonly bid: number;
}
interface Shop {
  readonly orders: Order;
  readonly "prices/*": Price;
}

test("payload types are those of the topic, or of the pattern that matches it", () => {
  same<PayloadOf<Shop, "orders">, Order>();
  same<PayloadOf<Shop, "prices/EURUSD">, Price>();
  same<PayloadOf<Shop, "prices">, unknown>();
  same<PayloadOf<Shop, string>, unknown>();
  same<PayloadOf<Shop, "elsewhere", Date>, Date>();

  const client = createClient<Shop>("ws://server/ws", {}, new FakePlatform());
  client.subscribe("orders", ({ payload }) => same<typeof payload, Order>());
  client.subscribe("prices/EURUSD", { lastN: 1 }, ({ payload }) => same<typeof payload, Price>());
  client.subscribe<Date>("elsewhere", ({ payload }) => same<typeof payload, Date>());
  client.publish("prices/EURUSD", { bid: 1 }).catch(() => {});
  // @ts-expect-error A price has a bid.
  client.publish("prices/EURUSD", { ask: 1 }).catch(() => {});
  // @ts-expect-error An order has an amount.
  client.publish("orders", {}).catch(() => {});
  client.publish("elsewhere", "anything").catch(() => {});
});

test("a value for a topic is its own, or else that of the longest pattern that matches", () => {
  const map = { a: 1, "a*": 2, "a/b/*": 3, "*": 4 };
  expect(["a", "ab", "a/b/c", "a/b/", "x", ""].map((topic) => valueFor(map, topic))).toEqual([1, 2, 3, 3, 4, 4]);
  for (const topic of ["constructor", "__proto__", "b"]) expect(valueFor({ a: 1, "x*": 2 }, topic)).toBe(undefined);
});
