import { FrameTemplate } from "./frame-template.ts";

/** More messages than may be under way in one stream at a time; a power of two. */
const UNDER_WAY = 1 << 16;

/** What one publisher sends to one topic, and how far each message has come. */
export class Stream {
  readonly #subscribers: number;
  /** The number of the next message. */
  published = 0;
  #template: FrameTemplate;
  readonly #deliveries: Uint16Array;

  constructor(subscribers: number, frame: Uint8Array, underWay: number) {
    if (underWay > UNDER_WAY || subscribers >= 1 << 16) throw new RangeError("too many messages or subscribers");
    this.#subscribers = subscribers;
    this.#template = new FrameTemplate(frame);
    this.#deliveries = new Uint16Array(2 ** Math.ceil(Math.log2(underWay)));
  }

  /** Changes what the messages from now on look like. */
  useFrame(frame: Uint8Array): void {
    this.#template = new FrameTemplate(frame);
  }

  /** The next message's bytes, good until the one after it. */
  nextFrame(timeUs: number): Buffer {
    return this.#template.fill(this.published++, timeUs);
  }

  /** Counts one subscriber's delivery of a message; true when it was the last subscriber's. */
  delivered(sequence: number): boolean {
    const slot = sequence & (this.#deliveries.length - 1);
    const count = (this.#deliveries[slot] ?? 0) + 1;
    const complete = count === this.#subscribers;
    this.#deliveries[slot] = complete ? 0 : count;
    return complete;
  }
}
