import type { Client } from "../../src/client/client.ts";
import { createClient } from "../../src/client/create.ts";
import type { ConnectOptions, Gap, Position, RingcastEvent } from "../../src/client/options.ts";
import type { StandardSchema } from "../../src/client/schema.ts";
import { FakePlatform, settled } from "../support/fake-platform.ts";
import { untyped } from "../support/untyped.ts";
import { HostileServer } from "./hostile-server.ts";
import { Random } from "./random.ts";

// Runs the SDK against a server that does anything. All of it runs in Node.js and in browsers alike.

const TOPICS = ["a", "b", "__proto__"];
const MINUTE_MS = 60_000;
/**
 * The most connections in a minute, and calls of `getToken`. A link that lasted for 0.5 s may be followed by another at once,
 * if it was closed with 4401 or 4404, three times; all others wait for the back-off, which starts again after a link of 5 s.
 */
const MAX_CONNECTIONS_PER_MIN = 60;
const RENEWALS_PER_MIN = 60;
const STUBBORN_STEP_MS = 50;
const DRAIN_MS = 1000;
const GOODBYE_MS = 1000;
/** The most timers that a client has besides one for each publish: link, back-off, heartbeat, check, token, probe. */
const MAX_TIMERS = 8;

/** What a run did, for the one who wants to know that it did anything. */
export interface Tally {
  connections: number;
  events: number;
  gaps: number;
  rejected: number;
}

class SeededPlatform extends FakePlatform {
  readonly #random: Random;
  /** When each connection was tried, in virtual ms. */
  readonly triedAtMs: number[] = [];
  nowMs = 0;

  constructor(random: Random) {
    super();
    this.#random = random;
  }

  override random(): number {
    return this.#random.next();
  }

  override open(...words: Parameters<FakePlatform["open"]>) {
    this.triedAtMs.push(this.nowMs);
    return super.open(...words);
  }

  override openHttp(...words: Parameters<FakePlatform["openHttp"]>) {
    this.triedAtMs.push(this.nowMs);
    return super.openHttp(...words);
  }
}

/** Refuses every seventh payload. */
const schema: StandardSchema<unknown, unknown> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => (Number(value) % 7 === 0 ? { issues: [{ message: "a multiple of 7" }] } : { value }),
  },
};

/** One subscription, and what it got last. */
class Observed {
  readonly topic: string;
  readonly #server: HostileServer;
  readonly #tally: Tally;
  /** Up to where it has got everything, or was told of a gap; the epoch is undefined after a gap without an end. */
  #last: { readonly epoch: string | undefined; readonly offset: number } | undefined;
  end = () => {};

  constructor(topic: string, since: Position | undefined, server: HostileServer, tally: Tally) {
    this.topic = topic;
    this.#last = since;
    this.#server = server;
    this.#tally = tally;
  }

  event({ epoch, offset, payload, topic }: RingcastEvent): void {
    this.#tally.events++;
    const sendings = this.#server.sendings.get(payload) ?? [];
    const isOwn = sendings.some(
      (sending) => sending.topic === topic && sending.offset === offset && sending.epochs.get(this) === epoch,
    );
    const what = JSON.stringify({ topic, epoch, offset, payload });
    if (topic !== this.topic || !isOwn) throw new Error(`an event that was not sent for this subscription: ${what}`);
    this.#follow(epoch, offset, offset, what);
  }

  gap({ epoch, from, to, topic }: Gap): void {
    this.#tally.gaps++;
    const what = JSON.stringify({ topic, gap: [epoch, from, to] });
    if (to !== null && to < from) throw new Error(`a gap that ends before it begins: ${what}`);
    this.#follow(epoch, from, to, what);
  }

  #follow(epoch: string, from: number, to: number | null, what: string): void {
    const last = this.#last;
    const isNewEpoch = last !== undefined && last.epoch === undefined;
    if (last !== undefined && !isNewEpoch && (last.epoch !== epoch || from !== last.offset + 1)) {
      throw new Error(`not what follows ${JSON.stringify(last)}: ${what}`);
    }
    if (isNewEpoch && from !== 1) throw new Error(`a new incarnation that does not start with 1: ${what}`);
    this.#last = to === null ? { epoch: undefined, offset: 0 } : { epoch, offset: to };
  }
}

/** One run: an application, its client, and the server. */
class Run {
  readonly tally: Tally = { connections: 0, events: 0, gaps: 0, rejected: 0 };
  readonly #random: Random;
  readonly #platform: SeededPlatform;
  readonly #server: HostileServer;
  readonly #client: Client;
  readonly #live = new Map<string, Observed>();
  /** Everything that must be settled once the client is closed. */
  readonly #promises: Promise<unknown>[] = [];
  #pendingCount = 0;
  #tokenCalls = 0;
  #comebacks = 0;
  #failure: unknown;

  constructor(seed: number) {
    const random = new Random(seed);
    this.#random = random;
    this.#platform = new SeededPlatform(random);
    this.#server = new HostileServer(random);
    const getToken = random.pick([undefined, undefined, () => this.#token()]);
    const options: ConnectOptions = {
      ...(getToken && { getToken }),
      ...(random.below(4) === 0 && { token: "first" }),
      resend: random.below(2) === 0,
      maxPending: random.pick([1, 5, 1000]),
      publishTimeoutMs: random.pick([100, 5000, 60_000]),
      heartbeatMs: random.pick([100, 15_000]),
    };
    const schemas = random.below(3) === 0 ? { a: schema } : {};
    this.#client = createClient("ws://server/ws", { ...options, schemas }, this.#platform);
    this.#client.on("gap", (gap) => this.#guard(() => this.#live.get(gap.topic)?.gap(gap)));
    this.#client.on("state", ({ state }) => {
      if (state === "closed") this.#live.clear();
    });
  }

  async play(): Promise<void> {
    const steps = 20 + this.#random.below(150);
    for (let i = 0; i < steps; i++) {
      this.#step();
      await this.#settle();
    }
    if (this.#random.below(20) === 0) await this.#stubbornMinute();
    await this.#close();
    this.#checkRate(this.#platform.triedAtMs, "connections");
    this.tally.connections = this.#platform.triedAtMs.length;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** A minute in which the server does the same to every connection, as often as it can. */
  async #stubbornMinute(): Promise<void> {
    const act = this.#server.stubborn();
    const callsBefore = this.#tokenCalls;
    this.#client.subscribe("stubborn", () => {}).ready.catch(() => {});
    for (let ms = 0; ms < MINUTE_MS; ms += STUBBORN_STEP_MS) {
      for (const sockets of [this.#platform.sockets, this.#platform.httpSockets]) {
        const socket = sockets.at(-1);
        if (socket?.isOpen) act(socket);
      }
      this.#passMs(STUBBORN_STEP_MS);
      await this.#settle();
    }
    const calls = this.#tokenCalls - callsBefore;
    if (calls > MAX_CONNECTIONS_PER_MIN + RENEWALS_PER_MIN) throw new Error(`${calls} calls of getToken in a minute`);
  }

  #step(): void {
    const random = this.#random;
    switch (random.below(10)) {
      case 0:
        this.#subscribe();
        break;
      case 1:
        this.#publish();
        break;
      case 2:
        this.#passMs(random.pick([1, 10, 100, 600, 3000, 20_000]));
        break;
      case 3:
        if (random.below(4) === 0) this.#unusual();
        break;
      default: {
        const sockets = [...this.#platform.sockets.slice(-2), ...this.#platform.httpSockets.slice(-2)];
        const open = sockets.filter(({ isOpen }) => isOpen);
        if (open.length === 0) this.#passMs(500);
        else this.#server.act(random.pick(open), TOPICS);
      }
    }
    const timers = this.#platform.timerCount - this.#pendingCount;
    if (timers > MAX_TIMERS) throw new Error(`${timers} timers besides those of publishes`);
  }

  /** What happens seldom: the machine comes back, HTTP gives way to a WebSocket, somebody connects or closes early. */
  #unusual(): void {
    const random = this.#random;
    const http = this.#platform.httpSockets.at(-1);
    switch (random.below(4)) {
      case 0:
        this.#comebacks++;
        this.#platform.comeBack();
        break;
      case 1:
        if (http?.isOpen) this.#platform.sockets.push(this.#replacement(http));
        break;
      case 2:
        this.#expectSettled(this.#client.connect());
        break;
      default:
        if (random.below(10) === 0) this.#expectSettled(this.#client.close(random.below(DRAIN_MS)));
    }
  }

  #replacement(http: ReturnType<FakePlatform["httpSockets"]["slice"]>[number]) {
    const socket = http.replacement();
    if (!http.replaceBy(socket)) socket.drop();
    return socket;
  }

  #subscribe(): void {
    const random = this.#random;
    const topic = random.pick(TOPICS);
    // One at a time for each topic: so every request for it is its own.
    const before = this.#live.get(topic);
    if (before !== undefined) {
      this.#live.delete(topic);
      before.end();
      this.#read();
    }
    const since = random.below(4) === 0 ? { epoch: random.pick(["e1", "e2"]), offset: random.below(10) } : undefined;
    const observed = new Observed(topic, since, this.#server, this.tally);
    this.#live.set(topic, observed);
    const parse = (json: string): unknown => {
      if (random.below(10) === 0) {
        // From here on, it must get nothing more.
        this.#live.delete(topic);
        isEnded = true;
        observed.end();
      }
      if (random.below(10) === 0) throw new Error("refused by parse");
      return JSON.parse(json);
    };
    let isEnded = false;
    const options = {
      lastN: random.below(20),
      ...(since && { since }),
      ...(random.below(4) === 0 && { parse }),
    };
    const event = (event: RingcastEvent) =>
      this.#guard(() => this.#live.get(topic) === observed && observed.event(event));
    if (random.below(3) === 0) {
      const stream = this.#client.subscribe(topic, { ...options, maxBuffered: random.below(4) });
      observed.end = () => stream.unsubscribe();
      this.#expectSettled(stream.ready, stream.ended, this.#follow(stream, event));
    } else {
      const subscription = this.#client.subscribe(topic, options, (item: RingcastEvent) => {
        if (isEnded) this.#failure ??= new Error(`an event after its parse ended the subscription: ${item.offset}`);
        event(item);
      });
      observed.end = () => subscription.unsubscribe();
      this.#expectSettled(subscription.ready, subscription.ended);
    }
  }

  async #follow(stream: AsyncIterable<RingcastEvent>, event: (event: RingcastEvent) => void): Promise<void> {
    for await (const item of stream) event(item);
  }

  #publish(): void {
    const random = this.#random;
    const topic = random.pick<unknown>([...TOPICS, ...TOPICS, undefined, 5, Symbol("t")]);
    const payload = random.pick<unknown>([1, "text", null, undefined, { a: [1] }, 7n, () => {}]);
    const options = random.pick<unknown>([{}, {}, { id: "m" }, { dedupe: "yes" }, { id: 5 }, { raw: true }]);
    this.#pendingCount++;
    const published = this.#client.publish(untyped(topic), untyped(payload), untyped(options));
    this.#expectSettled(
      published.finally(() => {
        this.#pendingCount--;
      }),
    );
  }

  #token(): string | Promise<string> {
    this.#tokenCalls++;
    const random = this.#random;
    switch (random.below(6)) {
      case 0:
        return Promise.reject(new Error("no back end"));
      case 1:
        throw new Error("no back end");
      case 2:
        return new Promise(() => {});
      case 3:
        return untyped(random.pick([undefined, "<html>", "a\nb", {}, ""]));
      default:
        return `token-${random.below(3)}`;
    }
  }

  #passMs(ms: number): void {
    // In pieces, so that connections are noted at their time.
    for (let rest = ms; rest > 0; rest -= 250) {
      this.#platform.nowMs += Math.min(250, rest);
      this.#platform.advance(Math.min(250, rest));
    }
  }

  #read(): void {
    const sockets = [...this.#platform.sockets.slice(-3), ...this.#platform.httpSockets.slice(-3)];
    this.#server.read(sockets, (topic) => this.#live.get(String(topic)));
  }

  async #settle(): Promise<void> {
    this.#read();
    await settled();
    this.#read();
  }

  #expectSettled(...promises: readonly Promise<unknown>[]): void {
    for (const promise of promises) {
      const caught = promise.catch(() => {
        this.tally.rejected++;
      });
      this.#promises.push(caught);
    }
  }

  /** The application's own code must not throw: what is wrong is kept. */
  #guard(check: () => unknown): void {
    try {
      check();
    } catch (error) {
      this.#failure ??= error;
    }
  }

  async #close(): Promise<void> {
    const closed = this.#client.close(DRAIN_MS);
    let isSettled = false;
    const all = Promise.all([closed, this.#client.close(), ...this.#promises]).then(() => {
      isSettled = true;
    });
    for (let ms = 0; ms <= DRAIN_MS + GOODBYE_MS && !isSettled; ms += 250) {
      this.#passMs(250);
      for (let i = 0; i < 3; i++) await settled();
    }
    for (let i = 0; i < 20 && !isSettled; i++) await settled();
    if (!isSettled) throw new Error("not everything is settled after close()");
    await all;
    const { listenerCount, timerCount } = this.#platform;
    if (timerCount + listenerCount > 0) throw new Error(`${timerCount} timers and ${listenerCount} listeners are left`);
    if (this.#client.state.state !== "closed") throw new Error(`the state is ${this.#client.state.state}`);
  }

  #checkRate(timesMs: readonly number[], what: string): void {
    const most = MAX_CONNECTIONS_PER_MIN + this.#comebacks;
    timesMs.forEach((atMs, i) => {
      const next = timesMs[i + most];
      if (next !== undefined && next - atMs < MINUTE_MS) throw new Error(`more than ${most} ${what} in a minute`);
    });
    const minutes = Math.ceil((this.#platform.nowMs + 1) / MINUTE_MS);
    const mostCalls = minutes * (most + RENEWALS_PER_MIN);
    if (this.#tokenCalls > mostCalls) throw new Error(`${this.#tokenCalls} calls of getToken in ${minutes} minutes`);
  }
}

/**
 * Plays so many runs, each with a seed of its own from the first one on. Rejects with the seed of the first run that finds a
 * fault.
 */
export async function playRuns(firstSeed: number, count: number): Promise<Tally> {
  const sum: Tally = { connections: 0, events: 0, gaps: 0, rejected: 0 };
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const run = new Run(seed);
    try {
      await run.play();
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
    }
    sum.connections += run.tally.connections;
    sum.events += run.tally.events;
    sum.gaps += run.tally.gaps;
    sum.rejected += run.tally.rejected;
  }
  return sum;
}
