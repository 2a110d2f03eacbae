import { nowUs } from "./clock.ts";
import type { Connection } from "./connection.ts";
import type { Marker } from "./marker.ts";
import { MarkerScanner } from "./marker-scanner.ts";
import { SequenceCheck } from "./sequence-check.ts";
import type { Tally } from "./tally.ts";

/** What a subscriber tells the run about. */
export interface SubscriberEvents {
  /** A message came that had not come before. */
  delivered(stream: number, sequence: number): void;
  /** All messages of a chunk have been told. */
  chunkDone(): void;
}

/** One subscribed connection: it checks and counts what arrives. Its streams have consecutive numbers. */
export class Subscriber {
  readonly #firstStream: number;
  readonly #tally: Tally;
  readonly #events: SubscriberEvents;
  readonly #scanner: MarkerScanner;
  #checks: SequenceCheck[];
  #arrivedUs = 0;

  constructor(
    connection: Connection,
    prefix: string,
    streams: { readonly first: number; readonly count: number },
    tally: Tally,
    events: SubscriberEvents,
  ) {
    this.#firstStream = streams.first;
    this.#checks = Array.from({ length: streams.count }, () => new SequenceCheck());
    this.#tally = tally;
    this.#events = events;
    this.#scanner = new MarkerScanner(prefix, (marker) => this.#take(marker));
    connection.onChunk = (chunk) => this.#receive(chunk);
    connection.onLost = () => {
      tally.lost++;
    };
  }

  /** Expects every stream from its first message again, as a repeated replay brings it. */
  restart(): void {
    this.#checks = this.#checks.map(() => new SequenceCheck());
  }

  #receive(chunk: Buffer): void {
    // One reading of the clock serves the chunk: its messages became readable together.
    this.#arrivedUs = nowUs();
    this.#tally.receivedBytes += chunk.length;
    this.#scanner.scan(chunk);
    this.#events.chunkDone();
  }

  #take({ stream, sequence, timeUs }: Marker): void {
    const arrival = this.#checks[stream - this.#firstStream]?.accept(sequence);
    if (arrival === "duplicate") {
      this.#tally.duplicates++;
      return;
    }
    if (arrival === undefined) {
      this.#tally.strange++;
      return;
    }
    if (arrival === "late") this.#tally.late++;
    this.#tally.deliveries++;
    this.#tally.latency.record(this.#arrivedUs - timeUs);
    this.#events.delivered(stream, sequence);
  }
}
