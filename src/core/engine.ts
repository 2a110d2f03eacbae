/** A topic's name, and the same as JSON text, encoded once. */
export interface TopicName {
  readonly name: string;
  readonly nameJson: string;
}

/** One accepted publication, encoded for the wire: the same object for its history and for every subscriber. */
export interface Event {
  readonly topic: TopicName;
  readonly offset: number;
  readonly text: string;
  /** The length of `text` on the wire. */
  readonly sizeBytes: number;
  /**
   * Its trace, where traces are kept; `traceOf` gives it its type. A field, not a weak map of all events: with a million
   * of them held, the collector's work on that made a publish half as dear again.
   */
  trace?: object;
}

/** What a publisher hands over, as JSON texts that are passed on byte for byte. */
export interface Draft {
  readonly idJson: string;
  readonly payloadJson: string;
}

/** One incarnation of a topic in an engine: the order of its events, and those that it still holds. */
export interface Stream {
  /** Random, and different for each incarnation of a topic. */
  readonly epoch: string;
  /** The newest event's offset; 0 if there is none. */
  readonly newestOffset: number;
  /** The oldest event's that it still holds; 0 if there is none. */
  readonly oldestOffset: number;
  /** Orders and stores a publication, and has it delivered. Returns its offset: at once where that costs no
   * waiting (in memory), else as a promise that rejects if the publication was not stored. */
  publish(draft: Draft): number | Promise<number>;
  /** The offset of the first event with this id (given as JSON text) that it still holds; undefined where none. */
  find(idJson: string): number | undefined;
  /** The newest `count` events that it still holds, oldest first. */
  newest(count: number): readonly Event[];
  /** The events after `offset`, oldest first; undefined where some of them are no longer held, or never were. */
  after(offset: number): readonly Event[] | undefined;
}

/** The port through which publications are ordered and stored: in memory now, over a cluster later. */
export interface Engine {
  /**
   * Begins an incarnation of a topic. `deliver` gets every event in order, wherever it was published.
   * @param capacity how many events it keeps; undefined: as many as the engine keeps of any topic
   */
  open(topic: TopicName, deliver: (event: Event) => void, capacity?: number): Stream;
}
