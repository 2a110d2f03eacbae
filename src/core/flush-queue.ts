import type { Clock } from "./clock.ts";
import type { Counters } from "./counters.ts";

/** A topic with events that its subscribers have not been given. */
export interface FlushableTopic {
  readonly name: string;
  /** @param isAlone whether no other topic is flushed in this round */
  flush(isAlone: boolean): void;
  /** Called once the sessions have written. */
  endFlush(): void;
}

/** A session with messages to send. */
export interface FlushableSession {
  flush(): void;
}

/** What a flush queue works with. */
export interface FlushQueueDeps {
  /** Runs a function when the current turn of the event loop ends. */
  readonly defer: (run: () => void) => void;
  readonly clock: Clock;
  readonly counters: Pick<Counters, "published" | "publishToWriteSec">;
  /** Gets what a session's flush throws; the others are flushed all the same. */
  readonly onError: (session: FlushableSession, error: unknown) => void;
}

/** How long messages may wait for more to come, in milliseconds. A turn without a publication ends the wait. */
const MAX_GATHER_MS = 1;
/** So many inputs in quick succession with one publication each are a burst that is worth gathering. */
const BURST_INPUTS = 3;
/** After how many writes the clock is read while a round is flushed: seldom enough to cost nothing. */
const WRITES_PER_READING = 16;

/**
 * Remembers which topics and sessions have messages to send, so that all messages for a client that come in quick
 * succession go out in one write: a write costs more than everything else about a delivery. First each topic hands its new
 * events to its subscribers, then each session writes once. This happens at the end of each input; while a publisher
 * writes a burst message by message, it waits for the turns of the event loop that bring more.
 */
export class FlushQueue {
  readonly #deps: FlushQueueDeps;
  #topics: FlushableTopic[] = [];
  #sessions: FlushableSession[] = [];
  #isScheduled = false;
  #isInInput = false;
  #isDeferred = false;
  #publishedBefore = 0;
  /** When the first member of the round was added. */
  #sinceMs = 0;
  /** The same of the round that is being flushed. */
  #roundSinceMs = 0;
  #flushedAtMs = 0;
  /** Writes of this round whose delay was not noted yet. */
  #unmeasured = 0;
  /** How many inputs in a row, less than `MAX_GATHER_MS` apart, have brought one publication each. */
  #burstInputs = 0;

  constructor(deps: FlushQueueDeps) {
    this.#deps = deps;
  }

  /** The topics that are to be flushed. */
  get topics(): readonly FlushableTopic[] {
    return this.#topics;
  }

  /** Has a topic flushed soon. The caller adds it once a round. */
  addTopic(topic: FlushableTopic): void {
    this.#topics.push(topic);
    if (!this.#isScheduled) this.#schedule();
  }

  /** Has a session flushed soon. The caller adds it once a round. */
  addSession(session: FlushableSession): void {
    this.#sessions.push(session);
    if (!this.#isScheduled) this.#schedule();
  }

  /** A client's input is being handled; `inputEnd` follows in the same turn. */
  inputStart(): void {
    this.#isInInput = true;
  }

  /** The input has been handled: flushes, unless it belongs to a burst. */
  inputEnd(): void {
    this.#isInInput = false;
    if (!this.#isScheduled) return;
    if (this.#burstInputs < BURST_INPUTS) this.flush();
    else this.#defer();
  }

  #schedule(): void {
    this.#isScheduled = true;
    const { clock, counters } = this.#deps;
    this.#sinceMs = clock.monotonicMs();
    const isClose = this.#sinceMs < this.#flushedAtMs + MAX_GATHER_MS;
    const publications = counters.published - this.#publishedBefore;
    this.#publishedBefore = counters.published;
    this.#burstInputs = isClose && publications <= 1 ? this.#burstInputs + 1 : 0;
    if (!this.#isInInput) this.#defer();
  }

  #defer(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#deps.defer(this.#turnEnded);
  }

  readonly #turnEnded = (): void => {
    this.#isDeferred = false;
    if (!this.#isScheduled) return;
    const { clock, counters } = this.#deps;
    if (counters.published !== this.#publishedBefore && clock.monotonicMs() < this.#sinceMs + MAX_GATHER_MS) {
      this.#publishedBefore = counters.published;
      this.#defer();
    } else {
      this.flush();
    }
  };

  /** Flushes now. What a session's flush adds to the queue starts the next round. */
  flush(): void {
    const topics = this.#topics;
    this.#topics = [];
    this.#roundSinceMs = this.#sinceMs;
    try {
      for (const topic of topics) topic.flush(topics.length === 1);
    } finally {
      this.#isScheduled = false;
    }
    const sessions = this.#sessions;
    this.#sessions = [];
    for (const session of sessions) {
      try {
        session.flush();
      } catch (error) {
        this.#deps.onError(session, error);
      }
      this.noteWrite();
    }
    if (this.#unmeasured > 0) this.#measure();
    for (const topic of topics) topic.endFlush();
  }

  /** A session has written in this round. */
  noteWrite(): void {
    if (++this.#unmeasured === WRITES_PER_READING) this.#measure();
  }

  /** Notes how long the last sessions have waited: by the round's first message, so no less than they did. */
  #measure(): void {
    const { clock, counters } = this.#deps;
    this.#flushedAtMs = clock.monotonicMs();
    counters.publishToWriteSec.observe((this.#flushedAtMs - this.#roundSinceMs) / 1000, this.#unmeasured);
    this.#unmeasured = 0;
  }
}
