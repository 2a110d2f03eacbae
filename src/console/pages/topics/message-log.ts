import type { Gap, Position } from "../../../client/index.ts";
import type { Message } from "./held-messages.ts";

/** A message, or word of some that did not come. */
export type LogEntry =
  | { readonly kind: "message"; readonly key: string; readonly message: Message }
  | { readonly kind: "gap"; readonly key: string; readonly gap: Gap };

interface Bounds {
  readonly maxEntries: number;
  /** Of all payloads together; the newest message stays even if it alone is larger. */
  readonly maxChars: number;
}

const BOUNDS: Bounds = { maxEntries: 200, maxChars: 16 * 1024 * 1024 };

function charsOf(entry: LogEntry): number {
  return entry.kind === "message" ? entry.message.payload.length : 0;
}

/** A list that forgets its oldest entries. */
class Bounded {
  readonly #bounds: Bounds;
  #entries: LogEntry[] = [];
  #chars = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  add(entry: LogEntry): void {
    this.#entries.push(entry);
    this.#chars += charsOf(entry);
    const { maxChars, maxEntries } = this.#bounds;
    while (this.#entries.length > maxEntries || (this.#chars > maxChars && this.#entries.length > 1)) {
      const oldest = this.#entries.shift();
      if (oldest !== undefined) this.#chars -= charsOf(oldest);
    }
  }

  clear(): void {
    this.#entries = [];
    this.#chars = 0;
  }
}

/** The last messages of a topic; while it is paused, what comes waits, and is counted. */
export class MessageLog {
  readonly #shown: Bounded;
  readonly #held: Bounded;
  #newest: Position | undefined;
  #isPaused = false;
  #waiting = 0;

  constructor(bounds = BOUNDS) {
    this.#shown = new Bounded(bounds);
    this.#held = new Bounded(bounds);
  }

  /** What shows, newest first. */
  get entries(): readonly LogEntry[] {
    return this.#shown.entries.toReversed();
  }

  /** Where the newest message stands of all that came, waiting ones included. */
  get newest(): Position | undefined {
    return this.#newest;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** How many messages came since it was paused, those included that there was no room for. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Shows these instead of all that it had. */
  replace(messages: readonly Message[]): void {
    this.#shown.clear();
    this.#held.clear();
    this.#waiting = 0;
    this.#newest = undefined;
    for (const message of messages) this.#take(this.#shown, message);
  }

  add(message: Message): void {
    if (this.#isPaused) this.#waiting++;
    this.#take(this.#isPaused ? this.#held : this.#shown, message);
  }

  addGap(gap: Gap): void {
    const key = `gap ${gap.epoch} ${gap.from}`;
    (this.#isPaused ? this.#held : this.#shown).add({ kind: "gap", key, gap });
  }

  pause(): void {
    this.#isPaused = true;
  }

  /** Goes on, with what came meanwhile. */
  resume(): void {
    this.#isPaused = false;
    this.#waiting = 0;
    for (const entry of this.#held.entries) this.#shown.add(entry);
    this.#held.clear();
  }

  #take(list: Bounded, message: Message): void {
    const { epoch, offset } = message;
    this.#newest = { epoch, offset };
    list.add({ kind: "message", key: `${epoch} ${offset}`, message });
  }
}
