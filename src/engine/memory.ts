import type { Timestamps } from "../core/clock.ts";
import type { Draft, Engine, Event, Stream, TopicName } from "../core/engine.ts";
import { RingBuffer } from "../core/ring-buffer.ts";
import { encodeEvent, eventParts } from "../protocol/encode.ts";
import { stringValue } from "../protocol/spans.ts";

/** Keeps every topic's last events in this process. */
export class MemoryEngine implements Engine {
  readonly #capacity: number;
  readonly #timestamps: Timestamps;
  readonly #newEpoch: () => string;

  /**
   * @param capacity how many events each topic keeps for replay (`-ring-buffer-size`)
   * @param newEpoch makes a new epoch; random in the server, known in tests
   */
  constructor(capacity: number, timestamps: Timestamps, newEpoch: () => string) {
    this.#capacity = capacity;
    this.#timestamps = timestamps;
    this.#newEpoch = newEpoch;
  }

  open(topic: TopicName, deliver: (event: Event) => void, capacity = this.#capacity): Stream {
    return new MemoryStream(topic, this.#newEpoch(), new RingBuffer(capacity), this.#timestamps, deliver);
  }
}

/** The id itself: two JSON texts, with and without escapes, may be the same id. */
function idOf(idJson: string): string {
  return stringValue(idJson) ?? idJson;
}

function index(offsets: Map<string, number[]>, event: Event): void {
  const id = idOf(eventParts(event).idJson);
  const known = offsets.get(id);
  if (known === undefined) offsets.set(id, [event.offset]);
  else known.push(event.offset);
}

/** Forgets the oldest event, which is the first of its id. */
function unindex(offsets: Map<string, number[]>, event: Event): void {
  const id = idOf(eventParts(event).idJson);
  const known = offsets.get(id);
  known?.shift();
  if (known?.length === 0) offsets.delete(id);
}

class MemoryStream implements Stream {
  readonly epoch: string;
  readonly #topic: TopicName;
  readonly #ring: RingBuffer<Event>;
  readonly #timestamps: Timestamps;
  readonly #deliver: (event: Event) => void;
  #newestOffset = 0;
  /** The held events' offsets by id; kept from the first search on, as most topics are never searched. */
  #offsets: Map<string, number[]> | undefined;

  constructor(
    topic: TopicName,
    epoch: string,
    ring: RingBuffer<Event>,
    timestamps: Timestamps,
    deliver: (event: Event) => void,
  ) {
    this.#topic = topic;
    this.epoch = epoch;
    this.#ring = ring;
    this.#timestamps = timestamps;
    this.#deliver = deliver;
  }

  get newestOffset(): number {
    return this.#newestOffset;
  }

  get oldestOffset(): number {
    return this.#ring.size === 0 ? 0 : this.#newestOffset - this.#ring.size + 1;
  }

  publish(draft: Draft): number {
    const offset = ++this.#newestOffset;
    const text = encodeEvent(this.#topic.nameJson, draft.idJson, draft.payloadJson, offset, this.#timestamps.now());
    // Buffer: measures the text without making a copy of it, as a TextEncoder would.
    const event: Event = { topic: this.#topic, offset, text, sizeBytes: Buffer.byteLength(text) };
    const evicted = this.#ring.push(event);
    if (this.#offsets !== undefined) {
      index(this.#offsets, event);
      if (evicted !== undefined) unindex(this.#offsets, evicted);
    }
    this.#deliver(event);
    return offset;
  }

  find(idJson: string): number | undefined {
    this.#offsets ??= this.#indexHeld();
    return this.#offsets.get(idOf(idJson))?.[0];
  }

  newest(count: number): readonly Event[] {
    return this.#ring.newest(count);
  }

  after(offset: number): readonly Event[] | undefined {
    const missed = this.#newestOffset - offset;
    return missed >= 0 && missed <= this.#ring.size ? this.#ring.newest(missed) : undefined;
  }

  #indexHeld(): Map<string, number[]> {
    const offsets = new Map<string, number[]>();
    for (const event of this.#ring.newest(this.#ring.size)) index(offsets, event);
    return offsets;
  }
}
