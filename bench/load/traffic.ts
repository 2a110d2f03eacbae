import type { Job, StreamScenario } from "../scenario.ts";
import type { Protocol } from "../wire/protocol.ts";
import { nowUs } from "./clock.ts";
import { Connection, makeMany } from "./connection.ts";
import { establishedTo } from "./established.ts";
import { MAX_STREAMS, markerPrefix, payloadTemplate, SEQUENCE_SLOT } from "./marker.ts";
import { Publisher } from "./publisher.ts";
import { Stream } from "./stream.ts";
import { Subscriber, type SubscriberEvents } from "./subscriber.ts";
import { Tally } from "./tally.ts";

const CONNECTING_AT_ONCE = 64;
/** A paced run has no window: room for what a server that falls far behind has under way. */
const UNDER_WAY_WHEN_PACED = 1 << 15;

/** The publishers, topics and subscribers of one stream run. */
export class Traffic implements SubscriberEvents {
  readonly tally = new Tally();
  readonly publishers: Publisher[] = [];
  readonly #job: Job;
  readonly #scenario: StreamScenario;
  readonly #protocol: Protocol;
  readonly #run = Math.floor(Math.random() * 1_000_000);
  readonly #streams: Stream[];
  readonly #connections: Connection[] = [];
  /** Publishers whose window has opened during the current chunk. */
  readonly #credited: Publisher[] = [];
  #flowing = false;
  /** How many more messages the window may let through. */
  #remaining = 0;

  constructor(job: Job, scenario: StreamScenario, protocol: Protocol) {
    const topics = scenario.publishers * scenario.topicsPerPublisher;
    if (topics > MAX_STREAMS) throw new RangeError("too many topics");
    this.#job = job;
    this.#scenario = scenario;
    this.#protocol = protocol;
    const underWay = scenario.pace.kind === "window" ? scenario.pace.messages : UNDER_WAY_WHEN_PACED;
    this.#streams = Array.from(
      { length: topics },
      (_, index) => new Stream(scenario.subscribersPerTopic, this.#frame(index, scenario.payloadBytes), underWay),
    );
  }

  /** Messages sent so far. */
  get published(): number {
    return this.publishers.reduce((sum, publisher) => sum + publisher.sent, 0);
  }

  /** Deliveries that everything sent so far should end in. */
  get expectedDeliveries(): number {
    return this.published * this.#scenario.subscribersPerTopic;
  }

  /** Connects everybody: subscribers first, then those that will stall, then publishers. */
  async connect(): Promise<void> {
    const { subscribersPerTopic, topicsPerSubscriber, stalled, publishers, topicsPerPublisher } = this.#scenario;
    const subscribers = (this.#streams.length / topicsPerSubscriber) * subscribersPerTopic;
    await makeMany(subscribers, CONNECTING_AT_ONCE, async (index) => {
      const first = Math.floor(index / subscribersPerTopic) * topicsPerSubscriber;
      const connection = await this.#subscribed(`s${index}`, first, topicsPerSubscriber);
      const streams = { first, count: topicsPerSubscriber };
      return new Subscriber(connection, markerPrefix(this.#run), streams, this.tally, this);
    });
    await makeMany(stalled, CONNECTING_AT_ONCE, async (index) => {
      const connection = await this.#subscribed(`stalled${index}`, 0, 1);
      connection.stall();
    });
    const made = await makeMany(publishers, CONNECTING_AT_ONCE, async (index) => {
      const connection = await this.#open(this.#protocol);
      const streams = this.#streams.slice(index * topicsPerPublisher, (index + 1) * topicsPerPublisher);
      connection.onLost = () => {
        this.tally.lost++;
      };
      return new Publisher(connection, streams, this.#protocol.acknowledgement, this.#job);
    });
    this.publishers.push(...made);
  }

  /** Lets every publisher fill its window and keep it full, until `messages` have been sent or it is stopped. */
  flow(window: number, messages: number): void {
    this.#flowing = true;
    this.#remaining = messages;
    for (const publisher of this.publishers) this.#spend(publisher, window);
  }

  /** Sends nothing more. */
  stop(): void {
    this.#flowing = false;
  }

  /** Changes the payload's length for all messages from now on. */
  usePayload(bytes: number): void {
    for (const [index, stream] of this.#streams.entries()) stream.useFrame(this.#frame(index, bytes));
  }

  delivered(stream: number, sequence: number): void {
    const complete = this.#streams[stream]?.delivered(sequence) ?? false;
    if (!complete || !this.#flowing) return;
    const publisher = this.publishers[Math.floor(stream / this.#scenario.topicsPerPublisher)];
    if (publisher !== undefined && publisher.credit++ === 0) this.#credited.push(publisher);
  }

  chunkDone(): void {
    for (const publisher of this.#credited) {
      const credit = publisher.credit;
      publisher.credit = 0;
      this.#spend(publisher, credit);
    }
    this.#credited.length = 0;
  }

  /** Waits until everything has been delivered and acknowledged, or nothing has come for a while. */
  async settle(): Promise<void> {
    const patienceMs = 3000;
    const endsMs = performance.now() + 20_000;
    let progress = -1;
    let quietSinceMs = performance.now();
    while (performance.now() < endsMs) {
      const unacknowledged = this.#unacknowledged();
      if (this.tally.deliveries >= this.expectedDeliveries && unacknowledged === 0) return;
      const now = this.tally.deliveries - unacknowledged;
      if (now !== progress) quietSinceMs = performance.now();
      if (performance.now() - quietSinceMs > patienceMs) return;
      progress = now;
      await Bun.sleep(5);
    }
  }

  /** What went wrong, once settled. */
  faults(): string[] {
    const unacknowledged = this.#unacknowledged();
    const faults = this.tally.faults(this.expectedDeliveries);
    if (unacknowledged !== 0) faults.push(`${unacknowledged} publications without an answer`);
    return faults;
  }

  /** Connections that no longer stand, those included that do not read and so do not notice. */
  endedConnections(): number {
    return this.#connections.length - establishedTo(this.#job.port);
  }

  /** Ends all connections. */
  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #spend(publisher: Publisher, credit: number): void {
    const count = Math.min(credit, this.#remaining);
    this.#remaining -= count;
    publisher.send(count, nowUs());
  }

  #unacknowledged(): number {
    return this.publishers.reduce((sum, publisher) => sum + publisher.unacknowledged, 0);
  }

  #topic(stream: number): string {
    // All names are of one length, so that all frames are.
    return `bench-${String(this.#run).padStart(6, "0")}-${String(stream).padStart(5, "0")}`;
  }

  #frame(stream: number, payloadBytes: number): Uint8Array {
    const payload = payloadTemplate(this.#run, stream, payloadBytes);
    return this.#protocol.publish(this.#topic(stream), `m${SEQUENCE_SLOT}`, payload);
  }

  async #open({ login }: Pick<Protocol, "login">): Promise<Connection> {
    const connection = await Connection.open(this.#job.port, { login }, this.#scenario.tls);
    this.#connections.push(connection);
    return connection;
  }

  async #subscribed(name: string, firstStream: number, count: number): Promise<Connection> {
    if (this.#scenario.delivery === "event-stream") return this.#streamed(firstStream);
    const connection = await this.#open(this.#protocol);
    for (let stream = firstStream; stream < firstStream + count; stream++) {
      await connection.exchange(this.#protocol.subscribe(this.#topic(stream), name));
    }
    return connection;
  }

  /** One topic's events over HTTP. The request takes the place of the login. */
  async #streamed(stream: number): Promise<Connection> {
    const exchange = this.#protocol.eventStream?.(this.#topic(stream));
    if (exchange === undefined) throw new Error(`${this.#job.peer} has no event streams`);
    const connection = await this.#open({ login: [exchange] });
    return connection;
  }
}
