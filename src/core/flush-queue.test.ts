import { describe, expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { newCounters } from "./counters.ts";
import { type FlushableSession, FlushQueue } from "./flush-queue.ts";

class Member implements FlushableSession {
  flushes = 0;
  readonly #onFlush: () => void;

  constructor(onFlush: () => void = () => {}) {
    this.#onFlush = onFlush;
  }

  flush(): void {
    this.flushes++;
    this.#onFlush();
  }
}

function setUp() {
  const deferred: (() => void)[] = [];
  const errors: [FlushableSession, unknown][] = [];
  const clock = new FakeClock();
  const counters = newCounters();
  const queue = new FlushQueue({
    defer: (run) => deferred.push(run),
    clock,
    counters,
    onError: (member, error) => errors.push([member, error]),
  });
  const endTurn = () => {
    for (const run of deferred.splice(0)) run();
  };
  return { clock, counters, deferred, endTurn, errors, queue };
}

describe("FlushQueue", () => {
  test("flushes all topics before the first session, and ends their flush behind the last one", () => {
    const { endTurn, queue } = setUp();
    const steps: string[] = [];
    const topic = (name: string, onFlush = () => {}) => ({
      name,
      flush: () => {
        steps.push(`flush ${name}`);
        onFlush();
      },
      endFlush: () => void steps.push(`end ${name}`),
    });
    const late = new Member(() => steps.push("late session"));
    queue.addSession(new Member(() => steps.push("session")));
    queue.addTopic(topic("a", () => queue.addSession(late)));
    queue.addTopic(topic("b"));
    endTurn();
    expect(steps).toEqual(["flush a", "flush b", "session", "late session", "end a", "end b"]);
    endTurn();
    expect(steps).toHaveLength(6);
  });

  test("is scheduled by a topic as by a session, and flushes in the next turn what a session's flush publishes", () => {
    const { deferred, endTurn, queue } = setUp();
    const steps: string[] = [];
    const topic = { name: "a", flush: () => void steps.push("topic"), endFlush: () => {} };
    queue.addTopic(topic);
    queue.addSession(new Member(() => queue.addTopic(topic)));
    expect(deferred).toHaveLength(1);
    endTurn();
    expect(steps).toEqual(["topic"]);
    endTurn();
    expect(steps).toEqual(["topic", "topic"]);
  });

  test("flushes every member once when the turn ends, in the order of their adding", () => {
    const { deferred, endTurn, queue } = setUp();
    const order: number[] = [];
    const members = [1, 2, 3].map((n) => new Member(() => order.push(n)));
    for (const member of members) queue.addSession(member);
    expect(deferred).toHaveLength(1);
    expect(order).toEqual([]);
    endTurn();
    expect(order).toEqual([1, 2, 3]);
    endTurn();
    expect(order).toEqual([1, 2, 3]);
  });

  test("flushes in the next turn what is added while it flushes", () => {
    const { endTurn, queue } = setUp();
    const late = new Member();
    queue.addSession(new Member(() => queue.addSession(late)));
    endTurn();
    expect(late.flushes).toBe(0);
    endTurn();
    expect(late.flushes).toBe(1);
  });

  test("waits while every turn brings a publication, and no longer than a millisecond", () => {
    const { clock, counters, endTurn, queue } = setUp();
    const member = new Member();
    queue.addSession(member);
    for (let turn = 0; turn < 4; turn++) {
      counters.published++;
      endTurn();
      expect(member.flushes).toBe(0);
      clock.advance(0.25);
    }
    counters.published++;
    endTurn();
    expect(member.flushes).toBe(1);
  });

  test("flushes after the first turn that brought no publication", () => {
    const { counters, endTurn, queue } = setUp();
    const member = new Member();
    counters.published++;
    queue.addSession(member);
    counters.published++;
    endTurn();
    expect(member.flushes).toBe(0);
    endTurn();
    expect(member.flushes).toBe(1);
    queue.addSession(member);
    endTurn();
    expect(member.flushes).toBe(2);
  });

  test("reports what a member throws, and flushes the others all the same", () => {
    const { endTurn, errors, queue } = setUp();
    const failure = new Error("broken");
    const broken = new Member(() => {
      throw failure;
    });
    const others = [new Member(), new Member()];
    for (const member of [others[0], broken, others[1]]) if (member !== undefined) queue.addSession(member);
    endTurn();
    expect(errors).toEqual([[broken, failure]]);
    expect(others.map((member) => member.flushes)).toEqual([1, 1]);
    broken.flushes = 0;
    queue.addSession(broken);
    endTurn();
    expect(broken.flushes).toBe(1);
  });

  test("counts for each member how long the first of its round has waited", () => {
    const { clock, counters, endTurn, queue } = setUp();
    const { publishToWriteSec } = counters;
    const late = new Member();
    queue.addSession(
      new Member(() => {
        clock.advance(2);
        queue.addSession(late);
      }),
    );
    queue.addSession(new Member());
    clock.advance(1);
    endTurn();
    expect(publishToWriteSec.sum).toBeCloseTo(2 * 0.003);
    clock.advance(4);
    endTurn();
    expect(publishToWriteSec.sum).toBeCloseTo(2 * 0.003 + 0.004);
    expect(publishToWriteSec.counts.reduce((sum, count) => sum + count, 0)).toBe(3);
  });

  test("reads the clock within a long round, so that who is served first does not count as waiting for the last", () => {
    const { clock, counters, endTurn, queue } = setUp();
    for (let i = 0; i < 40; i++) queue.addSession(new Member(() => clock.advance(1)));
    endTurn();
    expect(counters.publishToWriteSec.sum).toBeCloseTo(16 * 0.016 + 16 * 0.032 + 8 * 0.04);
  });
});
