/** One event of a stream of server-sent events. */
export interface StreamEvent {
  /** Its name; `message` where it has none. */
  readonly name: string;
  readonly data: string;
}

/** The most characters of one event: more than the largest message that a server sends. */
const MAX_EVENT_CHARS = 128 * 1024 * 1024;

/**
 * Reads server-sent events (HTML Living Standard, section 9.2.6), as far as a Ringcast server sends them: `event`, `data`
 * and comments, with any line endings.
 */
export class EventStreamReader {
  readonly #decoder = new TextDecoder();
  #rest = "";
  #name = "";
  #data: string[] = [];
  #size = 0;
  readonly #maxChars: number;

  /** @param maxChars the most characters that an event may have */
  constructor(maxChars = MAX_EVENT_CHARS) {
    this.#maxChars = maxChars;
  }

  /**
   * Takes the next bytes of the stream; returns the events that are complete with them.
   * @throws RangeError if an event is too large
   */
  read(bytes: Uint8Array): StreamEvent[] {
    const events: StreamEvent[] = [];
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    // A CR at the end may be the first half of a line ending.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      this.#size += line.length;
      this.#take(line, events);
    }
    if (this.#size + this.#rest.length > this.#maxChars) throw new RangeError("an event is too large");
    return events;
  }

  #take(line: string, events: StreamEvent[]): void {
    if (line === "") {
      if (this.#data.length > 0) events.push({ name: this.#name || "message", data: this.#data.join("\n") });
      this.#name = "";
      this.#data = [];
      this.#size = 0;
      return;
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") this.#name = value;
    if (field === "data") this.#data.push(value);
  }
}
