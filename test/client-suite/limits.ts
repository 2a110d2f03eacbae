import type { Client, Gap, State } from "../../src/client/index.ts";
import {
  Changes,
  control,
  expect,
  expectSame,
  type Place,
  rejectionOf,
  type Scenario,
  type Sdk,
  sleep,
} from "./context.ts";
import { HASTY, PATIENT } from "./traffic.ts";

/** A client's states as they come, and a way to wait for one. */
function watch(client: Client) {
  const states: State[] = [];
  const changes = new Changes();
  client.on("state", (state) => {
    states.push(state);
    changes.note();
  });
  return {
    states,
    until: (wanted: State["state"]) => changes.until(() => states.at(-1)?.state === wanted, `the state ${wanted}`),
  };
}

/** Fills the buffers between the server and a consumer that gets nothing, with so many large messages. */
async function flood(place: Place, publisher: Client, count: number): Promise<void> {
  await control(place, { do: "stall", side: "consumer" });
  const text = "x".repeat(20_000);
  await Promise.all(Array.from({ length: count }, (_, i) => publisher.publish("t", { i, text })));
  await control(place, { do: "resume", side: "consumer" });
}

/** The offsets that a consumer gets while a publisher floods it. */
async function floodedOffsets({ connect }: Sdk, place: Place, count: number) {
  const consumer = connect(place.urls.consumer, PATIENT);
  const publisher = connect(place.urls.direct, { ...PATIENT, maxPending: count });
  const { states } = watch(consumer);
  const changes = new Changes();
  const offsets: number[] = [];
  const gaps: Gap[] = [];
  consumer.on("gap", (gap) => gaps.push(gap));
  const subscription = consumer.subscribe("t", {}, ({ offset }) => {
    offsets.push(offset);
    changes.note();
  });
  await subscription.ready;
  await flood(place, publisher, count);
  await changes.until(() => offsets.length >= count, `${count} events`, 40_000);
  expectSame(gaps, [], "gaps");
  expect(
    offsets.every((offset, i) => offset === i + 1),
    `offsets 1 to ${count} in order`,
  );
  await Promise.all([consumer.close(), publisher.close()]);
  return states;
}

async function stats(place: Place): Promise<object> {
  const answer = await control(place, { do: "request", method: "GET", path: "/stats" });
  expect(typeof answer === "object" && answer !== null, "statistics");
  return answer;
}

/** Collects garbage in Bun, and elsewhere where the runtime was started with --expose-gc. */
function collectGarbage(): void {
  if (typeof Bun === "undefined") globalThis.gc?.();
  else Bun.gc(true);
}

/** How many objects are left after garbage collection; it is tried again while there are more than so many. */
async function uncollected(refs: readonly WeakRef<object>[], most: number): Promise<number> {
  let left = refs.length;
  for (let i = 0; i < 20 && left > most; i++) {
    // A WeakRef holds its target until the turn in which it was looked at is over.
    await sleep(20);
    collectGarbage();
    left = refs.filter((ref) => ref.deref() !== undefined).length;
  }
  return left;
}

/** Subscribes and unsubscribes so many times; returns what must not be held any more, while the client is. */
async function endedSubscriptions(client: Client, count: number): Promise<WeakRef<object>[]> {
  const refs: WeakRef<object>[] = [];
  for (let i = 0; i < count; i++) {
    const handler = () => refs.length;
    const subscription = client.subscribe(`t${i % 100}`, { lastN: 1 }, handler);
    refs.push(new WeakRef(handler), new WeakRef(subscription));
    if (i % 2 === 0) await subscription.ready;
    subscription.unsubscribe();
  }
  const last = client.subscribe("last", {}, () => {});
  await last.ready;
  last.unsubscribe();
  return refs;
}

async function closedClients({ connect }: Sdk, place: Place, count: number): Promise<WeakRef<object>[]> {
  const refs: WeakRef<object>[] = [];
  for (let i = 0; i < count; i++) {
    const client = connect(place.urls.direct, HASTY);
    await client.subscribe("t", {}, () => {}).ready;
    refs.push(new WeakRef(client));
    await client.close();
  }
  return refs;
}

export const LIMITS: Readonly<Record<string, Scenario>> = {
  "fetches what the server dropped for want of room": {
    flags: ["-ring-buffer-size=5000", "-max-queue-size=1000"],
    run: async (sdk, place) => {
      const states = await floodedOffsets(sdk, place, 1400);
      expectSame(
        states.map(({ state }) => state),
        ["connecting", "open", "closed"],
        "the states",
      );
      const counts = await stats(place);
      expect("dropped_messages" in counts && Number(counts.dropped_messages) > 0, "the server to have dropped some");
      return `${"dropped_messages" in counts && counts.dropped_messages} dropped`;
    },
  },

  "comes back after the server has cut it off as a slow consumer (1008), and goes on where it was": {
    flags: ["-ring-buffer-size=5000", "-max-queue-size=100", "-topic-ttl=1m"],
    run: async (sdk, place) => {
      const states = await floodedOffsets(sdk, place, 1400);
      const codes = states.flatMap((state) => (state.state === "waiting" ? [state.code] : []));
      // A reset may overtake the close frame: then it is 1006.
      expect(
        codes.length > 0 && codes.every((code) => code === 1008 || code === 1006),
        `lost connections, not ${codes}`,
      );
      const counts = await stats(place);
      expect("slow_consumers" in counts && counts.slow_consumers === codes.length, "as many slow consumers");
      return `closed with ${codes}`;
    },
  },

  "holds publishes in an outage, up to a bound, and sends them once it is over": {
    run: async ({ connect }, place) => {
      const client = connect(place.urls.publisher, { ...HASTY, maxPending: 3, publishTimeoutMs: 20_000 });
      const { until } = watch(client);
      await client.connect();
      await control(place, { do: "stall", side: "publisher" });
      await until("waiting");
      const held = [1, 2, 3].map((n) => client.publish("t", n));
      expectSame((await rejectionOf(client.publish("t", 4))).code, "QUEUE_FULL", "the refusal of a fourth");
      const closed = client.close(20_000);
      await control(place, { do: "resume", side: "publisher" });
      expectSame(
        (await Promise.all(held)).map(({ offset }) => offset),
        [1, 2, 3],
        "the offsets",
      );
      await closed;
      expectSame(client.state, { state: "closed" }, "the state");
      return "";
    },
  },

  "settles every publish of an outage that does not end": {
    run: async ({ connect }, place) => {
      const client = connect(place.urls.publisher, { ...HASTY, publishTimeoutMs: 200 });
      const { until } = watch(client);
      await client.connect();
      await control(place, { do: "stall", side: "publisher" });
      expectSame((await rejectionOf(client.publish("t", 1))).code, "TIMEOUT", "the refusal of one that was sent");
      await until("waiting");
      expectSame((await rejectionOf(client.publish("t", 2))).code, "TIMEOUT", "the refusal of one that was not");
      const last = rejectionOf(client.publish("t", 3));
      await client.close(10);
      expectSame((await last).code, "CLOSED", "the refusal of one at the close");
      await control(place, { do: "resume", side: "publisher" });
      return "";
    },
  },

  "rejects a message that is too large, be it here or by the server, and sends all others": {
    flags: ["-max-message-size=65536"],
    run: async ({ connect }, place) => {
      const large = "é".repeat(40_000);
      const careful = connect(place.urls.direct, { ...PATIENT, maxMessageBytes: 65_536 });
      expectSame((await rejectionOf(careful.publish("t", large))).code, "PAYLOAD_TOO_LARGE", "the refusal here");
      const careless = connect(place.urls.direct, PATIENT);
      const { states } = watch(careless);
      const outcomes = await Promise.all([
        careless.publish("t", "a".repeat(60_000)),
        rejectionOf(careless.publish("t", large)).then(({ code }) => ({ offset: code })),
        careless.publish("t", 1),
      ]);
      expectSame(
        outcomes.map(({ offset }) => offset),
        [1, "PAYLOAD_TOO_LARGE", 2],
        "the outcomes",
      );
      const codes = states.flatMap((state) => (state.state === "waiting" ? [state.code] : []));
      expectSame(codes, [1009], "the codes of lost connections");
      await Promise.all([careful.close(), careless.close()]);
      return "";
    },
  },

  "leaves no timer behind when it is closed, in whatever state it was": {
    run: async ({ connect }, place) => {
      const timers = new Set<unknown>();
      const { clearTimeout: clear, setTimeout: set } = globalThis;
      const counted = (run: () => void, ms?: number) => {
        const timer: unknown = set(() => {
          timers.delete(timer);
          run();
        }, ms);
        // Node.js itself makes some here, too.
        if (!/node:internal/.test(new Error().stack?.split("\n")[2] ?? "")) timers.add(timer);
        return timer;
      };
      Object.assign(globalThis, {
        setTimeout: counted,
        clearTimeout: (timer: ReturnType<typeof set>) => {
          timers.delete(timer);
          clear(timer);
        },
      });
      try {
        for (const [url, wanted] of [
          [place.urls.direct, "open"],
          [place.urls.publisher, "connecting"],
          ["ws://127.0.0.1:1/ws", "waiting"],
        ] as const) {
          if (wanted === "connecting") await control(place, { do: "stall", side: "publisher" });
          const client = connect(url, { ...PATIENT, connectTimeoutMs: 20_000, minBackoffMs: 20_000 });
          client.subscribe("t", {}, () => {});
          while (client.state.state !== wanted) await new Promise((resolve) => set(resolve, 5));
          expect(timers.size > 0, `a timer while it is ${wanted}`);
          const published = client.publish("t", 1).catch(() => {});
          await client.close(10);
          await published;
          expectSame(timers.size, 0, `the timers left after it was ${wanted}`);
        }
        await control(place, { do: "resume", side: "publisher" });
      } finally {
        Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
      }
      return "";
    },
  },

  "leaves nothing behind of 10,000 subscriptions that were ended, nor of closed clients": {
    run: async (sdk, place) => {
      const client = sdk.connect(place.urls.direct, HASTY);
      const subscriptions = await endedSubscriptions(client, 10_000);
      const clients = await closedClients(sdk, place, 50);
      // An engine may take what happens to lie on its stack for a reference.
      const [left, leftClients] = [await uncollected(subscriptions, 20), await uncollected(clients, 2)];
      expect(left <= 20, `handlers and subscriptions to be gone; of ${subscriptions.length} there are ${left} left`);
      expect(leftClients <= 2, `closed clients to be gone; of ${clients.length} there are ${leftClients} left`);
      const counts = await stats(place);
      expect("total_topics" in counts, "a count of topics");
      expectSame(counts.total_topics, 0, "the topics that the server still holds");
      await client.close();
      return `${left} of ${subscriptions.length} handlers and handles, ${leftClients} of ${clients.length} clients left`;
    },
  },
};
