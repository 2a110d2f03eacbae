import assert from "node:assert/strict";
import type { Incarnation } from "./session-model.ts";

/** What a client knows of one incarnation. */
interface Followed {
  /** The offset that must come next; undefined before the first ack. */
  expected: number;
  /** The events that did not come; a replay may still bring them. */
  readonly missing: Set<number>;
  /** How many were reported as lost. */
  reported: number;
  /** The last offset that it is to get, once it has unsubscribed or the topic was deleted. */
  lastOffset: number | undefined;
}

/**
 * A client's own view: it reads its messages in order and knows nothing of queues. What does not come must have been
 * reported before the next event, and before `TOPIC_DELETED`.
 */
export class WireCheck {
  readonly #followed = new Map<Incarnation, Followed>();

  /** The ack of a subscribe has come; events are to follow from an offset on. */
  subscribed(of: Incarnation, from: number): void {
    const followed = this.#followed.get(of);
    if (followed === undefined) {
      this.#followed.set(of, { expected: from, missing: new Set(), reported: 0, lastOffset: undefined });
      return;
    }
    const end = Math.min(from, (followed.lastOffset ?? from) + 1);
    miss(followed, end);
    for (const offset of followed.missing) if (offset >= from) followed.missing.delete(offset);
    followed.expected = from;
    followed.lastOffset = undefined;
  }

  unsubscribed(of: Incarnation, lastOffset: number): void {
    this.#of(of).lastOffset = lastOffset;
  }

  event(of: Incarnation, offset: number): void {
    const followed = this.#of(of);
    assert.ok(offset >= followed.expected, "an event came twice");
    miss(followed, offset);
    followed.expected = offset + 1;
    assert.ok(offset <= (followed.lastOffset ?? offset), "an event came after the end of its subscription");
    assert.ok(followed.missing.size <= followed.reported, "a loss was not reported in time");
  }

  lost(of: Incarnation, dropped: number): void {
    this.#of(of).reported += dropped;
  }

  deleted(of: Incarnation): void {
    this.unsubscribed(of, of.texts.length);
    this.#finish(of);
  }

  /** All has come that is to come. @param lost how many events of an incarnation were dropped */
  end(lost: ReadonlyMap<Incarnation, number>): void {
    for (const [of, { reported }] of this.#followed) {
      this.#finish(of);
      assert.equal(reported, lost.get(of) ?? 0);
    }
  }

  #finish(of: Incarnation): void {
    const followed = this.#of(of);
    const last = followed.lastOffset ?? of.texts.length;
    miss(followed, last + 1);
    followed.expected = Math.max(followed.expected, last + 1);
    assert.ok(followed.missing.size <= followed.reported, "a loss was not reported in time");
  }

  #of(of: Incarnation): Followed {
    const followed = this.#followed.get(of);
    if (followed === undefined) throw new Error(`nothing of ${of.name} (${of.epoch}) was to come`);
    return followed;
  }
}

/** Notes that the events before an offset did not come. */
function miss({ expected, missing }: Followed, end: number): void {
  for (let offset = expected; offset < end; offset++) missing.add(offset);
}
