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
  /** The beginning of a line. */
  #rest = "";
  /** Whether the last line ended with a CR, to which an LF may still belong. */
  #endsWithCr = false;
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
    const text = this.#decoder.decode(bytes, { stream: true });
    const start = this.#endsWithCr && text.startsWith("\n") ? 1 : 0;
    if (text !== "") this.#endsWithCr = text.endsWith("\r");
    const lines = text.slice(start).split(/\r\n?|\n/);
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      // Only whole lines are put together: what has come of a long line is not looked through again and again.
      const whole = this.#rest + line;
      this.#rest = "";
      this.#size += whole.length;
      this.#take(whole, events);
    }
    this.#rest += rest;
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
