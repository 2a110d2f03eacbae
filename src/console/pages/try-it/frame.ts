/** Where a frame went; `note` is no frame but the page's own word on the connection. */
export type Direction = "sent" | "received" | "note";

/** What stands in a frame, as far as the list shows it. */
interface Head {
  readonly type: string;
  readonly topic: string;
  /** The code of an error or a notice. */
  readonly code: string;
  /** And its words. */
  readonly message: string;
}

const UNREADABLE: Head = { type: "text", topic: "", code: "", message: "" };

const encoder = new TextEncoder();

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A frame as it went over the wire. What is not asked for is never worked out: most frames of a flood are not seen. */
export class Frame {
  /** Counts up, within a page. */
  readonly id: number;
  readonly atMs: number;
  readonly direction: Direction;
  readonly text: string;
  #size: number | undefined;
  #head: Head | undefined;

  constructor(id: number, atMs: number, direction: Direction, content: string) {
    this.id = id;
    this.atMs = atMs;
    this.direction = direction;
    this.text = content;
  }

  /** Its length in bytes of UTF-8. */
  get size(): number {
    this.#size ??= encoder.encode(this.text).byteLength;
    return this.#size;
  }

  /** The type that it says it has; `text` where it is no object of JSON, `note` where it is no frame. */
  get head(): Head {
    this.#head ??= this.#parse();
    return this.#head;
  }

  #parse(): Head {
    if (this.direction === "note") return { ...UNREADABLE, type: "note" };
    try {
      const { type, topic, error, info } = record(JSON.parse(this.text));
      const { code, message } = record(error ?? info);
      return { type: text(type) || "text", topic: text(topic), code: text(code), message: text(message) };
    } catch {
      return UNREADABLE;
    }
  }
}
