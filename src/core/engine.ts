import type { Draft, TopicName } from "./draft.ts";
import type { Log } from "./log.ts";

/** One incarnation of a topic in an engine: the order of its events, and the log of those that it still holds. */
export interface Stream {
  readonly log: Log;
  /** Orders and stores a publication. Returns its offset: at once where that costs no waiting (in memory), else as a
   * promise that rejects if the publication was not stored. */
  publish(draft: Draft): number | Promise<number>;
  /** The offset of the first event with the draft's id that the log still holds; undefined where none. */
  find(draft: Draft): number | undefined;
}

/** The memory of an engine's logs. */
export interface History {
  /** In bytes. */
  readonly heldBytes: number;
  /** The most bytes (`-max-history-bytes`). */
  readonly maxBytes: number;
  /** How many events were removed because of that bound. */
  readonly evictedCount: number;
}

/** The port through which publications are ordered and stored: in memory now, over a cluster later. */
export interface Engine {
  /** The memory of all logs, and its bound. */
  readonly history: History;
  /**
   * Opens a new incarnation of a topic.
   * @param appended is called after each event that was appended to the log, wherever it was published
   * @param capacity how many events it keeps; undefined: as many as the engine keeps of any topic
   */
  open(topic: TopicName, appended: () => void, capacity?: number): Stream;
}
