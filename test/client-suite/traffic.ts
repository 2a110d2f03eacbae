import type { Client, ConnectOptions, Gap, RingcastEvent } from "../../src/client/index.ts";
import { Changes, control, expect, type Place, type Sdk, type Side, sleep } from "./context.ts";

/** Quick to give up and quick to come back: what takes a minute in life takes a moment here. */
export const HASTY = { minBackoffMs: 1, maxBackoffMs: 20, heartbeatMs: 60, connectTimeoutMs: 400 };

/** The same, but for silence: it is no sign of a dead link where nobody stalls anything. */
export const PATIENT = { ...HASTY, heartbeatMs: 20_000 };

/** Has the server make a token for the client `web`, which may use the topic `t`. */
export async function newToken(place: Place, ttl: string): Promise<string> {
  const body = { client_id: "web", subscribe: ["t"], publish: ["t"], ttl };
  const answer = await control(place, { do: "request", method: "POST", path: "/tokens", body });
  expect(typeof answer === "object" && answer !== null && "token" in answer, "a token");
  return String(answer.token);
}

const TOPIC = "chaos";

type Item =
  | { readonly kind: "event"; readonly event: RingcastEvent<number> }
  | { readonly kind: "gap"; readonly gap: Gap };

/** A publisher that never stops, and a consumer that writes down what it gets: numbers, 1, 2, 3 … */
export class Traffic {
  readonly clients: Readonly<Record<Side, Client>>;
  readonly changes = new Changes();
  /** How often each has lost an open connection. */
  readonly losses: Record<Side, number> = { publisher: 0, consumer: 0 };
  /** What the consumer got, in order. */
  readonly items: Item[] = [];
  /** The offset of each number that was acked. */
  readonly acked = new Map<number, number>();
  /** Numbers that were on their way when the publisher lost a connection. */
  readonly uncertain = new Set<number>();
  /** Why publishes were rejected. */
  readonly failures: unknown[] = [];
  lastSeen = 0;
  #sent = 0;
  #inFlight = new Set<number>();
  #isStopping = false;
  #running = Promise.resolve();

  /** @param isShared whether publisher and consumer are one client, which counts as the consumer */
  constructor(sdk: Sdk, place: Place, isShared: boolean, options: ConnectOptions) {
    const client = (side: Side) => {
      const client = sdk.connect(place.urls[side], { ...HASTY, ...options, clientId: side });
      let wasOpen = false;
      client.on("state", ({ state }) => {
        if (state === "waiting" && wasOpen) this.losses[side]++;
        wasOpen = state === "open";
        if (client === this.clients.publisher && state === "waiting")
          for (const n of this.#inFlight) this.uncertain.add(n);
        this.changes.note();
      });
      return client;
    };
    const consumer = client("consumer");
    this.clients = { publisher: isShared ? consumer : client("publisher"), consumer };
  }

  /** @param window the most publishes that are unanswered at a time */
  async start(window: number): Promise<void> {
    const { consumer } = this.clients;
    consumer.on("gap", (gap) => {
      this.items.push({ kind: "gap", gap });
      this.changes.note();
    });
    const subscription = consumer.subscribe<number>(TOPIC, {}, (event) => {
      this.items.push({ kind: "event", event });
      this.lastSeen = event.payload;
      this.changes.note();
    });
    await subscription.ready;
    this.#running = this.#publish(window);
  }

  /** Resolves when both are connected and the stream flows. */
  async flowing(events: number): Promise<void> {
    const isOpen = () => Object.values(this.clients).every(({ state }) => state.state === "open");
    do {
      await this.changes.until(isOpen, "both to be connected");
      const goal = this.lastSeen + events;
      await this.changes.until(() => this.lastSeen >= goal || !isOpen(), "the stream to flow");
      // One of them may have lost its connection by itself, by a heartbeat that was late on a busy machine.
    } while (!isOpen());
  }

  /** Stops publishing; resolves when the consumer has got the last number, and both are closed. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
    await this.changes.until(() => this.#inFlight.size === 0, "the last acks");
    await this.changes.until(() => this.lastSeen === this.#sent, "the last number");
    await Promise.all([this.clients.publisher.close(), this.clients.consumer.close()]);
    expect(this.acked.size + this.failures.length === this.#sent, "every publish to be settled");
  }

  async #publish(window: number): Promise<void> {
    while (!this.#isStopping) {
      await this.changes.until(() => this.#inFlight.size < window, "an ack", 60_000);
      const n = ++this.#sent;
      this.#inFlight.add(n);
      this.clients.publisher
        .publish(TOPIC, n)
        .then(
          ({ offset }) => this.acked.set(n, offset),
          (error: unknown) => this.failures.push(error),
        )
        .finally(() => {
          this.#inFlight.delete(n);
          this.changes.note();
        });
      await sleep(1);
    }
  }
}

export interface Verdict {
  readonly disconnects: number;
  readonly events: number;
  readonly gaps: number;
  /** How many messages the gaps of known size say are missing. */
  readonly missing: number;
  readonly incarnations: number;
  /** Numbers that came in two incarnations. */
  readonly repeated: number;
}

/** A gap, and the numbers that came before and after it. */
interface Hole {
  readonly from: number;
  readonly to: number;
  readonly after: number;
  before: number;
}

/**
 * Holds what the consumer got against what the publisher knows.
 *
 * - Offsets and gaps of an incarnation follow each other without a hole or an overlap, from the first event on.
 * - Each event has the offset that its publish was acked with. A number that did not come has an offset in a gap, and
 *   is one of those between the numbers before and after that gap; and there are as many as the gap says.
 * - Numbers come once, in order. Only one that was on its way when the connection broke may come again, and only in a
 *   later incarnation: the server that knew of it is gone.
 */
export function verify({ acked, items, losses, uncertain }: Traffic): Verdict {
  const offsetsOf = new Map<number, number[]>();
  const holes: Hole[] = [];
  const epochs: string[] = [];
  let [expected, last, isRecreateded] = [1, 0, true];
  for (const item of items) {
    if (item.kind === "gap") {
      const { from, reason, to } = item.gap;
      expect(from === expected, `the gap ${JSON.stringify(item.gap)} to begin at ${expected}`);
      expect((to === null) === (reason === "recreated"), `a known end of ${JSON.stringify(item.gap)}`);
      holes.push({ from, to: to ?? Number.POSITIVE_INFINITY, after: last, before: Number.POSITIVE_INFINITY });
      isRecreateded ||= to === null;
      expected = to === null ? 1 : to + 1;
      continue;
    }
    const { epoch, offset, payload } = item.event;
    expect(offset === expected, `offset ${expected} to be next, not ${offset}`);
    expect((epoch !== epochs.at(-1)) === isRecreateded, `a new epoch at a restart only (offset ${offset} of ${epoch})`);
    expect(payload > last || isRecreateded, `a number after ${last}, not ${payload}, at offset ${offset} of ${epoch}`);
    if (isRecreateded) epochs.push(epoch);
    for (const hole of holes) hole.before = Math.min(hole.before, hole.after < payload ? payload : hole.before);
    offsetsOf.set(payload, [...(offsetsOf.get(payload) ?? []), offset]);
    [expected, last, isRecreateded] = [offset + 1, payload, false];
  }
  const repeated = [...offsetsOf].filter(([, offsets]) => offsets.length > 1);
  for (const [n] of repeated) expect(uncertain.has(n), `${n}, which was acked long before, to come once`);
  const unseen = [...acked].filter(([n, offset]) => !offsetsOf.get(n)?.includes(offset));
  for (const [n, offset] of unseen) {
    const fits = (hole: Hole) => hole.from <= offset && offset <= hole.to && hole.after < n && n < hole.before;
    expect(holes.some(fits), `${n}, acked with offset ${offset}, to be in a gap; came at ${offsetsOf.get(n)}`);
  }
  const known = holes.filter(({ to }) => Number.isFinite(to));
  for (const { after, before, from, to } of known) {
    const count = unseen.filter(([n]) => after < n && n < before).length;
    expect(
      count === to - from + 1,
      `${to - from + 1} numbers between ${after} and ${before} to be missing, not ${count}`,
    );
  }
  return {
    disconnects: losses.consumer + losses.publisher,
    events: items.length - holes.length,
    gaps: holes.length,
    missing: known.reduce((sum, { from, to }) => sum + to - from + 1, 0),
    incarnations: epochs.length,
    repeated: repeated.length,
  };
}
