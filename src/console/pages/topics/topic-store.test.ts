import { expect, test } from "vitest";
import { TopicStore } from "./topic-store.ts";

function topic(name: string, messages = 0, created = "2026-01-01T00:00:00.000Z") {
  return { name, created_at: created, message_count: messages, subscriber_count: 1 };
}

function rates(store: TopicStore): Record<string, number | undefined> {
  return Object.fromEntries(store.rows.map(({ name, ratePerSec }) => [name, ratePerSec]));
}

test("rates are known from the second poll on, by the time between the two", () => {
  const store = new TopicStore();
  store.update([topic("a", 10), topic("__proto__", 0)], 5000);
  expect(store.rows.map(({ ratePerSec }) => ratePerSec)).toEqual([undefined, undefined]);
  store.update([topic("a", 30), topic("__proto__", 1)], 7000);
  expect(store.rows.map(({ name, ratePerSec }) => [name, ratePerSec])).toEqual([
    ["a", 10],
    ["__proto__", 0.5],
  ]);
});

test("a topic that began anew has no rate yet", () => {
  const store = new TopicStore();
  store.update([topic("a", 100)], 1000);
  store.update([topic("a", 5, "2026-01-01T00:00:02.000Z")], 3000);
  expect(rates(store)).toEqual({ a: undefined });
  expect(store.rows[0]?.messages).toBe(5);
});

test("topics that are gone are forgotten, also where as many others came", () => {
  const store = new TopicStore();
  store.update([topic("a"), topic("b")], 1000);
  store.update([topic("b"), topic("c")], 2000);
  expect(store.rows.map(({ name }) => name)).toEqual(["b", "c"]);
  store.update([], 3000);
  expect(store.rows).toEqual([]);
});

test("rows stay the same objects, and the order by name stays valid, while only figures change", () => {
  const store = new TopicStore();
  store.update([topic("a"), topic("b")], 1000);
  const { membership, rows, version } = store;
  const [first] = rows;
  store.update([topic("b", 2), topic("a", 1)], 2000);
  expect(store.rows).toBe(rows);
  expect(first?.messages).toBe(1);
  expect(store.membership).toBe(membership);
  expect(store.version).toBeGreaterThan(version);
  store.update([topic("a", 1)], 3000);
  expect(store.membership).toBeGreaterThan(membership);
});
