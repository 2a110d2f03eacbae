import fc from "fast-check";
import { expect, test } from "vitest";
import { FakePlatform, settled } from "../../test/support/fake-platform.ts";
import { RING_CAPACITY } from "../../test/support/hub.ts";
import { SEED } from "../../test/support/seed.ts";
import { SimulatedServer } from "../../test/support/simulated-server.ts";
import type { Subscription } from "./client.ts";
import { createClient } from "./create.ts";
import type { Gap, RingcastEvent } from "./options.ts";

// Random runs of the client against the real hub, over links that are slow, narrow, and break.

const TOPIC = "t";
/** How long the topic outlives its last subscriber, if at all; who stays away for longer meets another incarnation. */
const TOPIC_TTL_MS = 1000;
const TOPIC_TTLS_MS = [0, TOPIC_TTL_MS] as const;
const BACKOFF_MS = 100;
const NO_TIMEOUTS = { heartbeatMs: 2 ** 31 - 1, publishTimeoutMs: 2 ** 31 - 1 };
/** How many bytes a link holds: a handful of messages, some more, or more than a run brings. */
const WIDE = 1_000_000;
const ROOMS = [1000, 3000, WIDE] as const;
/** The most bytes of the topic's history: no bound, or so few that it seldom holds as many messages as it may. */
const HISTORIES_BYTES = [Number.POSITIVE_INFINITY, 600] as const;

/** What a run may do, and how much of it. Those named twice happen more often: a link must carry something to be missed. */
const actions = fc.array(
  fc.record({
    what: fc.constantFrom(
      "others publish",
      "others publish",
      "publish",
      "up",
      "up",
      "down",
      "down",
      "take",
      "wait",
      "wait",
      "cut",
      "stay away",
      "resubscribe",
    ),
    count: fc.integer({ min: 1, max: 12 }),
  }),
  { minLength: 10, maxLength: 150, size: "max" },
);
type Action = typeof actions extends fc.Arbitrary<(infer T)[]> ? T : never;

class Run {
  /** What the application got, in order. */
  readonly items: (RingcastEvent | Gap)[] = [];
  /** How many items there were when the application subscribed again. */
  readonly starts = new Set<number>();
  /** What became of its publishes. */
  readonly outcomes: Promise<unknown>[] = [];
  /** Gaps of which the topic still held a part when they were told, and that the server did not drop. */
  readonly avoidable: Gap[] = [];
  readonly server: SimulatedServer;
  readonly #platform = new FakePlatform();
  readonly #client = createClient(
    "ws://server/ws",
    // Links break when the run says so, and hold the answers to all that is under way.
    { ...NO_TIMEOUTS, minBackoffMs: BACKOFF_MS, maxBackoffMs: BACKOFF_MS, maxPending: 4 },
    this.#platform,
  );
  readonly #loop: AsyncIterator<RingcastEvent> | undefined;
  #subscription: Subscription | undefined;
  /** How many more events the loop is to ask for. */
  #wanted = 0;
  #isAsking = false;
  #sent = 0;

  /**
   * @param isLoop whether the application takes events in a loop, at its own pace
   * @param room how many bytes a link holds before it is full
   * @param topicTtlMs how long the topic outlives its last subscriber
   * @param maxHistoryBytes the most bytes of the topic's history
   */
  constructor(isLoop: boolean, room: number, topicTtlMs: number, maxHistoryBytes: number) {
    const options = { topicTtlMs, queue: { maxMessages: 8, maxBytes: 100_000 } };
    this.server = new SimulatedServer(options, room, maxHistoryBytes);
    this.#client.on("gap", (gap) => this.#missed(gap));
    if (isLoop) this.#loop = this.#client.subscribe(TOPIC, { maxBuffered: 3 })[Symbol.asyncIterator]();
    else this.#subscribe();
  }

  async do({ count, what }: Action): Promise<void> {
    const { socket } = this.#platform;
    switch (what) {
      case "others publish":
        for (let i = 0; i < count; i++) this.server.publish(TOPIC);
        break;
      case "publish":
        this.outcomes.push(
          this.#client.publish(TOPIC, `own ${++this.#sent}`).then(
            () => "acked",
            (error) => error.code,
          ),
        );
        break;
      case "up":
        this.server.up(socket, count);
        break;
      case "down":
        this.server.down(socket, count);
        break;
      case "take":
        this.#wanted += count;
        break;
      case "cut":
        this.server.cut(socket);
        break;
      case "wait":
        this.#pass(BACKOFF_MS);
        break;
      case "stay away":
        this.server.cut(socket);
        this.server.topics.pass(TOPIC_TTL_MS);
        break;
      case "resubscribe":
        if (this.#subscription === undefined) break;
        this.#subscription.unsubscribe();
        this.starts.add(this.items.length);
        this.#subscribe();
        break;
    }
    this.#ask();
    await settled();
  }

  /** Lets everything come to rest: all that is on its way arrives, and the loop takes all. */
  async heal(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = Number.POSITIVE_INFINITY;
    for (let quietRounds = 0, rounds = 0; quietRounds < 3; rounds++) {
      expect(rounds).toBeLessThan(200);
      this.#pass(BACKOFF_MS);
      const before = this.items.length;
      const isUp = this.server.up(this.#platform.socket, 100);
      const isDown = this.server.down(this.#platform.socket, 1000);
      this.#ask();
      await settled();
      quietRounds = isUp || isDown || this.items.length > before ? 0 : quietRounds + 1;
    }
    this.#wanted = wanted;
  }

  /** What the client says when it is closed, and what is left of it in its world. */
  async close(): Promise<number> {
    const closed = this.#client.close();
    await settled();
    this.#platform.socket.answerGoodbye?.();
    await closed;
    return this.#platform.timerCount;
  }

  #subscribe(): void {
    this.#subscription = this.#client.subscribe(TOPIC, {}, (event) => this.items.push(event));
  }

  #pass(ms: number): void {
    this.server.topics.pass(ms);
    this.#platform.advance(ms);
    const { socket } = this.#platform;
    if (socket.isOpen && !this.server.isConnected(socket)) this.server.accept(socket);
  }

  #ask(): void {
    if (this.#loop === undefined || this.#isAsking || this.#wanted === 0) return;
    this.#isAsking = true;
    this.#wanted--;
    this.#loop.next().then(({ done, value }) => {
      if (done) return;
      this.#isAsking = false;
      this.items.push(value);
      this.#ask();
    });
  }

  #missed(gap: Gap): void {
    this.items.push(gap);
    const topic = this.server.topics.hub.topic(TOPIC);
    const { oldestOffset = 0 } = topic ?? {};
    const isHeld = topic?.epoch === gap.epoch && oldestOffset > 0 && (gap.to ?? 0) >= oldestOffset;
    if (isHeld && !this.server.mayHaveDropped(this.#platform.socket, gap.to ?? 0)) this.avoidable.push(gap);
  }
}

/** The number after the last one that an item accounts for. */
function next(item: RingcastEvent | Gap): number {
  if ("offset" in item) return item.offset + 1;
  return item.to === null ? 1 : item.to + 1;
}

test(`whatever happens, events and gaps follow each other exactly, and each publish comes to be (seed ${SEED})`, async () => {
  let events = 0;
  let dropped = 0;
  let evicted = 0;
  const gaps: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.constantFrom(...ROOMS),
      fc.constantFrom(...TOPIC_TTLS_MS),
      fc.constantFrom(...HISTORIES_BYTES),
      actions,
      async (isLoop, room, ttlMs, maxHistoryBytes, steps) => {
        const run = new Run(isLoop, room, ttlMs, maxHistoryBytes);
        await run.heal();
        for (const step of steps) await run.do(step);
        await run.heal();
        // Whatever was lost last shows now.
        run.server.publish(TOPIC);
        await run.heal();
        const { items, server } = run;
        const taken = new Map(
          server.taken.map(({ epoch, offset, payloadJson }) => [`${epoch} ${offset}`, payloadJson]),
        );
        for (const [i, item] of items.entries()) {
          const previous = run.starts.has(i) ? undefined : items[i - 1];
          const start = "offset" in item ? item.offset : item.from;
          if (previous !== undefined) expect(start).toBe(next(previous));
          const isRecreated = previous !== undefined && "reason" in previous && previous.reason === "recreated";
          if (previous !== undefined && !isRecreated) expect(item.epoch).toBe(previous.epoch);
          if ("offset" in item)
            expect(JSON.stringify(item.payload)).toBe(taken.get(`${item.epoch} ${item.offset}`) ?? "");
          else gaps[item.reason] = (gaps[item.reason] ?? 0) + 1;
        }
        events += items.length;
        dropped += server.topics.hub.counters.dropped;
        evicted += server.topics.hub.history.evictedCount;
        expect(server.topics.hub.history.heldBytes).toBeLessThanOrEqual(maxHistoryBytes);
        expect(items.at(-1)).toMatchObject(server.taken.map(({ epoch, offset }) => ({ epoch, offset })).at(-1) ?? {});
        // A loop reports a gap only when it reaches it; by then, this test no longer knows what the server had dropped.
        if (!isLoop || room === WIDE) expect(run.avoidable).toEqual([]);
        // All that were let in are acked, and none is taken twice while the topic remembers it.
        for (const outcome of run.outcomes) expect<unknown[]>(["acked", "QUEUE_FULL"]).toContain(await outcome);
        const last = new Map<string, number>();
        for (const { epoch, idJson, offset } of server.taken) {
          const key = `${epoch} ${idJson}`;
          // What was evicted is not remembered.
          const distance = maxHistoryBytes < Number.POSITIVE_INFINITY ? 0 : RING_CAPACITY;
          expect(offset - (last.get(key) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThan(distance);
          last.set(key, offset);
        }
        expect(await run.close()).toBe(0);
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
  expect(evicted).toBeGreaterThan(100);
  process.stdout.write(
    `  ${events} events and gaps; gaps: ${JSON.stringify(gaps)}; ${dropped} were dropped, ${evicted} evicted\n`,
  );
}, 120_000);
