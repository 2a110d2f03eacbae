import type { Client, Gap, RingcastEvent } from "../../src/client/index.ts";
import { Changes, control, expect, expectSame, type Place, rejectionOf, type Scenario } from "./context.ts";
import { PATIENT } from "./traffic.ts";

/** Publishes 1, 2, 3 … so many, and waits until all are taken. */
async function publishNumbers(client: Client, topic: string, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, i) => client.publish(topic, i + 1)));
}

/** Collects what a subscription brings, until so many have come. */
function collector(client: Client) {
  const changes = new Changes();
  const events: RingcastEvent[] = [];
  const gaps: Gap[] = [];
  client.on("gap", (gap) => {
    gaps.push(gap);
    changes.note();
  });
  return {
    events,
    gaps,
    take: (event: RingcastEvent) => {
      events.push(event);
      changes.note();
    },
    offsets: async (count: number) => {
      await changes.until(() => events.length >= count, `${count} events`);
      return events.map(({ offset }) => offset);
    },
  };
}

function deleteTopic(place: Place, topic: string): Promise<unknown> {
  return control(place, { do: "request", method: "DELETE", path: `/topics/${topic}` });
}

export const SUBSCRIPTIONS: Readonly<Record<string, Scenario>> = {
  "begins with the last messages that it asks for, or where it left off": {
    run: async ({ connect }, place) => {
      const client = connect(place.urls.direct, PATIENT);
      const keeper = client.subscribe("t", {}, () => {});
      await publishNumbers(client, "t", 5);
      const last = collector(client);
      const lastSubscription = client.subscribe("t", { lastN: 3 }, last.take);
      expectSame(await last.offsets(3), [3, 4, 5], "the last three");
      const { epoch = "" } = last.events[0] ?? {};
      const since = collector(client);
      client.subscribe("t", { since: { epoch, offset: 4 } }, since.take);
      expectSame(await since.offsets(1), [5], "what came after the fourth");
      const elsewhere = collector(client);
      client.subscribe("t", { since: { epoch: "another", offset: 7 } }, elsewhere.take);
      expectSame(await elsewhere.offsets(5), [1, 2, 3, 4, 5], "what there is of another incarnation");
      expectSame(elsewhere.gaps, [{ topic: "t", epoch: "another", from: 8, to: null, reason: "recreated" }], "gaps");
      // Each subscription of the same topic goes its own way; the topic's own ends with the last of them.
      lastSubscription.unsubscribe();
      keeper.unsubscribe();
      await client.publish("t", 6);
      expectSame(
        [await since.offsets(2), await elsewhere.offsets(6)],
        [
          [5, 6],
          [1, 2, 3, 4, 5, 6],
        ],
        "the others",
      );
      expectSame(last.events.length, 3, "events after it was ended");
      await client.close();
      return "";
    },
  },

  "rejects what the server refuses, with its code": {
    run: async ({ connect, RingcastError }, place) => {
      const client = connect(place.urls.direct, PATIENT);
      const { code, error } = await rejectionOf(client.subscribe("", {}, () => {}).ready);
      expect(error instanceof RingcastError && code === "BAD_REQUEST", `BAD_REQUEST, not ${error}`);
      const looped = await rejectionOf(client.subscribe("")[Symbol.asyncIterator]().next());
      expectSame(looped.code, "BAD_REQUEST", "what the loop throws");
      expectSame((await rejectionOf(client.publish("t", 1, { id: "" }))).code, "BAD_REQUEST", "an empty id's refusal");
      expectSame((await rejectionOf(client.publish("t", undefined))).code, "INVALID_PAYLOAD", "no payload's refusal");
      expectSame((await client.publish("t", 1, { id: "mine" })).offset, 1, "the offset of a publish after those");
      await client.close();
      expectSame((await rejectionOf(client.publish("t", 1))).code, "CLOSED", "a refusal after the close");
      expectSame((await rejectionOf(client.subscribe("t", {}, () => {}).ready)).code, "CLOSED", "the same");
      return "";
    },
  },

  "gets as many messages as the server keeps where it asks for more, and reports that once": {
    flags: ["-ring-buffer-size=3"],
    run: async ({ connect }, place) => {
      const client = connect(place.urls.direct, PATIENT);
      const warnings: unknown[] = [];
      client.on("warning", ({ code, topic }) => warnings.push([code, topic]));
      const keeper = client.subscribe("t", () => {});
      await keeper.ready;
      for (let i = 1; i <= 5; i++) await client.publish("t", i);
      for (let round = 0; round < 2; round++) {
        const payloads: unknown[] = [];
        for await (const { payload } of client.subscribe("t", { lastN: 1_000_000 })) {
          payloads.push(payload);
          if (payloads.length === 3) break;
        }
        expectSame(payloads, [3, 4, 5], "the last that the topic holds");
      }
      expectSame(warnings, [["CLAMPED", "t"]], "the warnings");
      await client.close();
      return "";
    },
  },

  "ends with its topic; the connection goes with the last, and comes back when there is something to do": {
    run: async ({ connect }, place) => {
      const client = connect(place.urls.direct, PATIENT);
      const states: string[] = [];
      const changes = new Changes();
      client.on("state", ({ state }) => {
        states.push(state);
        changes.note();
      });
      const handled = client.subscribe("a", {}, () => {});
      const looped = client.subscribe("b");
      await Promise.all([handled.ready, looped.ready]);
      await deleteTopic(place, "a");
      expectSame((await handled.ended)?.code, "TOPIC_DELETED", "what ended it");
      expectSame((await client.publish("c", 1)).offset, 1, "an offset on the same connection");
      expectSame(client.state, { state: "open", transport: "websocket" }, "the state");
      const looping = (async () => {
        const offsets: number[] = [];
        for await (const { offset } of looped) offsets.push(offset);
        return offsets;
      })();
      await client.publish("b", 1);
      await deleteTopic(place, "b");
      expectSame(await looping, [1], "what the loop got before it ended");
      await changes.until(() => client.state.state === "idle", "the connection to end");
      const again = client.subscribe("b", {}, () => {});
      await again.ready;
      expectSame(states, ["connecting", "open", "idle", "connecting", "open"], "the states");
      await client.close();
      return "";
    },
  },

  "gives a slow loop every event in order, and holds no more of them than it may": {
    flags: ["-ring-buffer-size=5000"],
    run: async ({ connect }, place) => {
      const client = connect(place.urls.direct, { ...PATIENT, maxPending: 5000 });
      const stream = client.subscribe<number>("t", { maxBuffered: 10 });
      const gaps = collector(client).gaps;
      await stream.ready;
      await publishNumbers(client, "t", 2000);
      let expected = 1;
      for await (const { offset, payload } of stream) {
        expectSame([offset, payload], [expected, expected], "the next event");
        if (expected % 500 === 0) await client.publish("t", 2000 + expected / 500);
        if (++expected > 2004) break;
      }
      expectSame(gaps, [], "gaps");
      expect((await stream.ended) === undefined, "no error at its end");
      await client.close();
      return "";
    },
  },

  "tells a slow loop exactly what the topic no longer held, at its place between the events": {
    flags: ["-ring-buffer-size=50"],
    run: async ({ connect }, place) => {
      const client = connect(place.urls.direct, { ...PATIENT, maxPending: 5000 });
      const stream = client.subscribe<number>("t", { maxBuffered: 10 });
      await stream.ready;
      await publishNumbers(client, "t", 200);
      // An ack may stand before the events of the same write, but not before those of an earlier one.
      await client.publish("another topic", 0);
      const told: string[] = [];
      client.on("gap", ({ from, reason, to }) => told.push(`${reason} ${from}-${to}`));
      for await (const { offset } of stream) {
        told.push(String(offset));
        if (offset === 200) break;
      }
      const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
      expectSame(told, [...numbers(1, 10), "expired 11-150", ...numbers(151, 200)], "the sequence");
      await client.close();
      return "";
    },
  },

  "keeps payloads byte for byte, for those who read them themselves": {
    run: async ({ connect }, place) => {
      const client = connect(place.urls.direct, PATIENT);
      const texts = [
        "12345678901234567890",
        '{"a":[1e400,"}\\"{\\\\"], "payload":{"payload":1}}',
        '"é\\u00e9"',
        "null",
      ];
      const { events, offsets, take } = collector(client);
      const subscription = client.subscribe("t\"'{", { parse: (json) => json }, take);
      await subscription.ready;
      for (const text of texts) await client.publish("t\"'{", text, { raw: true, id: `","payload":[${events.length}` });
      await offsets(texts.length);
      expectSame(
        events.map(({ payload }) => payload),
        texts,
        "the payloads",
      );
      const broken = await rejectionOf(client.publish("t", '1},"topic":"other","x":{"y":1', { raw: true }));
      expectSame(broken.code, "INVALID_PAYLOAD", "the refusal of a text that is no JSON");
      await client.close();
      return "";
    },
  },
};
